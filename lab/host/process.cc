// SPDX-License-Identifier: Apache-2.0
#include "lab/host/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "platform/errno_error.h"
#include "platform/unique_fd.h"

namespace flowmob::lab {
namespace {

using platform::fail_errno;
using platform::UniqueFd;
using Clock = std::chrono::steady_clock;

/// What the child needs, opened beforehand: between fork and exec only system calls are allowed.
struct Prepared {
  UniqueFd netns, input, output, error;
  std::vector<char*> argv;
  const char* directory = nullptr;
  bool detached = false;
};

Result<UniqueFd> open_for_writing(const std::filesystem::path& path) {
  const char* name = path.empty() ? "/dev/null" : path.c_str();
  UniqueFd fd(::open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) return fail_errno("open-failed", name);
  return fd;
}

Result<Prepared> prepare(const Command& command) {
  Prepared p;
  if (!command.netns.empty()) {
    const std::string path = "/run/netns/" + command.netns;
    p.netns = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!p.netns) return fail_errno("no-such-namespace", path);
  }
  p.input = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto log = open_for_writing(command.log);
  auto output = open_for_writing(command.output.empty() ? command.log : command.output);
  if (!log) return tl::unexpected(log.error());
  if (!output) return tl::unexpected(output.error());
  p.error = std::move(*log);
  p.output = std::move(*output);
  for (const std::string& word : command.argv) p.argv.push_back(const_cast<char*>(word.c_str()));
  p.argv.push_back(nullptr);
  if (!command.directory.empty()) p.directory = command.directory.c_str();
  p.detached = command.detached;
  return p;
}

[[noreturn]] void become(const Prepared& p, pid_t parent) {
  ::sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);  // what is ignored would stay so
  if (p.detached) {
    ::setsid();
  } else {
    // A terminal's Ctrl-C is for us; we end our children in order.
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
  }
  ::dup2(p.input.get(), 0);
  ::dup2(p.output.get(), 1);
  ::dup2(p.error.get(), 2);
  const bool moved = !p.netns || ::setns(p.netns.get(), CLONE_NEWNET) == 0;
  if (moved && (p.directory == nullptr || ::chdir(p.directory) == 0)) ::execvp(p.argv[0], p.argv.data());
  ::dprintf(2, "%s: cannot start\n", p.argv[0]);
  ::_exit(127);
}

Result<pid_t> fork_and_become(const Prepared& p) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork-failed", p.argv[0]);
  if (pid == 0) become(p, parent);
  return pid;
}

struct Pipe {
  UniqueFd reader, writer;
  static Result<Pipe> make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe-failed", "pipe");
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
};

/// Reads both pipes to their ends, so that neither can fill up and block the writer.
std::array<std::string, 2> read_both(int first, int second) {
  std::array<std::string, 2> text;
  std::array<::pollfd, 2> fds{::pollfd{first, POLLIN, 0}, ::pollfd{second, POLLIN, 0}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char chunk[8192];
      const ssize_t count = ::read(fds[i].fd, chunk, sizeof chunk);
      if (count > 0) text[i].append(chunk, static_cast<std::size_t>(count));
      if (count == 0 || (count < 0 && errno != EINTR)) fds[i].fd = -1;
    }
  }
  return text;
}

std::string first_lines(const std::string& text) {
  const std::string cut = text.substr(0, 400);
  return cut.empty() || cut.back() != '\n' ? cut : cut.substr(0, cut.size() - 1);
}

int exit_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

}  // namespace

Result<Process> Process::start(const Command& command) {
  auto prepared = prepare(command);
  if (!prepared) return tl::unexpected(prepared.error());
  return fork_and_become(*prepared).map([](pid_t pid) { return Process(pid); });
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    stop();
    pid_ = std::exchange(other.pid_, -1);
    status_ = other.status_;
  }
  return *this;
}

Process::~Process() { stop(); }

bool Process::running() { return pid_ > 0 && !wait(Duration{0}); }

void Process::signal(int number) {
  if (running()) ::kill(pid_, number);
}

std::optional<int> Process::wait(Duration limit) {
  const auto deadline = Clock::now() + limit;
  while (pid_ > 0 && !status_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      status_ = exit_status(status);
    } else if (Clock::now() >= deadline) {
      return {};
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  return status_.value_or(0);
}

void Process::stop(Duration grace) {
  if (!running()) return;
  signal(SIGTERM);
  if (!wait(grace)) {
    signal(SIGKILL);
    wait(std::chrono::seconds(5));
  }
}

pid_t Process::release() { return std::exchange(pid_, -1); }

Result<std::string> run(const Command& command, const std::string& input) {
  auto prepared = prepare(command);
  auto in = Pipe::make(), out = Pipe::make(), err = Pipe::make();
  if (!prepared) return tl::unexpected(prepared.error());
  if (!in || !out || !err) return fail("pipe-failed", "pipe");
  prepared->input = std::move(in->reader);
  prepared->output = std::move(out->writer);
  prepared->error = std::move(err->writer);
  const auto pid = fork_and_become(*prepared);
  if (!pid) return tl::unexpected(pid.error());
  *prepared = {};
  // Input is short (it fits a pipe), so writing it at once cannot block on the reader.
  if (!input.empty() && ::write(in->writer.get(), input.data(), input.size()) < 0)
    return fail_errno("write-failed", command.argv[0]);
  in->writer.reset();
  const auto [text, complaint] = read_both(out->reader.get(), err->reader.get());
  int status = 0;
  while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (exit_status(status) == 0) return text;
  return fail("command-failed", fmt::format("{}: {}", fmt::join(command.argv, " "), first_lines(complaint)));
}

std::uint64_t process_start_time(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  // The name, in parentheses, may hold anything; count fields from its end.
  const auto name_end = text.rfind(')');
  if (name_end == text.npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string state, skipped;
  fields >> state;
  for (int i = 0; i < 18; ++i) fields >> skipped;
  std::uint64_t started = 0;
  fields >> started;
  return state == "Z" ? 0 : started;
}

void end_processes(const std::vector<pid_t>& pids, Duration grace) {
  const auto alive = [](pid_t pid) {
    ::waitpid(pid, nullptr, WNOHANG);  // ours, if it is a child of this very process
    return process_start_time(pid) != 0;
  };
  for (const pid_t pid : pids) ::kill(pid, SIGTERM);
  const auto deadline = Clock::now() + grace;
  while (std::ranges::any_of(pids, alive) && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  for (const pid_t pid : pids) {
    if (alive(pid)) ::kill(pid, SIGKILL);
  }
}

}  // namespace flowmob::lab
