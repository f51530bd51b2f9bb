// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/traffic.h"

#include <fmt/format.h>

#include <fstream>
#include <random>
#include <sstream>

#include "lab/demo/captures.h"
#include "lab/domain/wait.h"
#include "lab/host/clock.h"
#include "lab/host/programs.h"
#include "lab/probe/packet_log.h"

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr int kDownloadRate = 750'000;  // octets per second: 6 Mbit/s
constexpr std::string_view kFile = "film.bin";

/// What a pair of flowmob-probes sends, the same both ways. Each writes down its packets.
struct StreamPlan {
  std::string_view name;
  int port, rate, size;  ///< packets per second, octets each
  std::string log_at(std::string_view node) const { return fmt::format("{}-{}.log", name, node); }
  std::vector<std::string> serve() const {
    return {program_path("flowmob-probe"), "serve", "--bind",    std::string(address::kCn), "--port",
            std::to_string(port),          "--log", log_at("cn")};
  }
  std::vector<std::string> stream() const {
    return {program_path("flowmob-probe"),
            "stream",
            "--to",
            std::string(address::kCn),
            "--port",
            std::to_string(port),
            "--rate",
            std::to_string(rate),
            "--size",
            std::to_string(size),
            "--duration",
            "0",
            "--log",
            log_at("mn")};
  }
};
constexpr StreamPlan kVideo{"video", kVideoPort, 100, 1250};
constexpr StreamPlan kSteering{"steering", kSteeringPort, 500, 200};

// As streaming servers do, it sends at the rate at which the film plays (SO_MAX_PACING_RATE): then the
// transfer lasts as long as the demo, and its packets come evenly enough to measure a gap by. SIGUSR1: enough
// was shown, the rest may come four times as fast.
constexpr std::string_view kServer = R"(import http.server, signal, socket, sys
connections = []
def pace(connection, rate):
    connection.setsockopt(socket.SOL_SOCKET, 47, rate)
class V6(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
class Paced(http.server.SimpleHTTPRequestHandler):
    def setup(self):
        super().setup()
        connections.append(self.connection)
        pace(self.connection, int(sys.argv[3]))
signal.signal(signal.SIGUSR1, lambda *_: [pace(c, 4 * int(sys.argv[3])) for c in connections if c.fileno() >= 0])
V6((sys.argv[1], int(sys.argv[2])), Paced).serve_forever()
)";

Result<std::string> sha256(const std::filesystem::path& file) {
  return run({.argv = {"sha256sum", file}}).map([](const std::string& line) { return line.substr(0, 64); });
}

bool listens(const Plan& plan, const char* kind, int port) {
  const auto text =
      run({.argv = {"ss", "-Hln", kind, fmt::format("sport = :{}", port)}, .netns = plan.namespace_of("cn")});
  return text && !text->empty();
}

}  // namespace

Result<Traffic> Traffic::start(const Domain& domain, const std::filesystem::path& directory, int seconds) {
  Traffic traffic(domain, directory);
  auto done = traffic.make_file(seconds).and_then([&] { return traffic.start_servers(); }).and_then([&] {
    return traffic.start_clients();
  });
  if (!done) return tl::unexpected(done.error());
  return traffic;
}

/// The same octets in every run: whoever repeats the demo finds the same checksum.
Result<void> Traffic::make_file(int seconds) {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  std::ofstream file(directory_ / kFile, std::ios::binary);
  std::mt19937_64 random(42);
  std::vector<std::uint64_t> block(kDownloadRate / 8);
  for (int i = 0; i < seconds; ++i) {
    for (std::uint64_t& word : block) word = random();
    file.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(block.size() * 8));
  }
  file.close();
  if (!file) return fail("write-failed", (directory_ / kFile).string());
  std::ofstream(directory_ / "server.py") << kServer;
  return sha256(directory_ / kFile).map([&](const std::string& sum) { checksum_ = sum; });
}

Result<void> Traffic::start_servers() {
  auto web = run_on("cn", "http-server",
                    {"python3", "server.py", std::string(address::kCn), std::to_string(kHttpPort),
                     std::to_string(kDownloadRate)});
  if (!web) return tl::unexpected(web.error());
  web_ = *web;
  for (const StreamPlan& stream : {kVideo, kSteering}) {
    if (auto served = run_on("cn", fmt::format("{}-server", stream.name), stream.serve()); !served)
      return tl::unexpected(served.error());
  }
  return wait_until("the servers", [&] {
    return listens(*plan_, "-t", kHttpPort) && listens(*plan_, "-u", kVideoPort) &&
           listens(*plan_, "-u", kSteeringPort);
  });
}

Result<void> Traffic::start_clients() {
  auto curl =
      run_on("mn", "curl",
             {"curl", "--silent", "--show-error", "--noproxy", "*", "--output", "received.bin", "--write-out",
              "%{json}", fmt::format("http://[{}]:{}/{}", address::kCn, kHttpPort, kFile)});
  if (!curl) return tl::unexpected(curl.error());
  curl_ = *curl;
  if (auto video = run_on("mn", "video-client", kVideo.stream()); !video)
    return tl::unexpected(video.error());
  // Every 2 ms: at one a second the distance between two of them would be the gap.
  auto pings = run_on("mn", "ping",
                      {program_path("flowmob-probe"), "ping", "--to", std::string(address::kCn), "--rate",
                       "500", "--duration", "0"});
  if (!pings) return tl::unexpected(pings.error());
  return {};
}

Result<void> Traffic::start_steering() {
  return run_on("mn", "steering-client", kSteering.stream()).map([&](Process* started) {
    steering_ = started;
  });
}

void Traffic::stop_steering() {
  steering_stopped_ = wall_now().time_since_epoch().count();
  steering_->signal(SIGTERM);
}

Result<Process*> Traffic::run_on(std::string_view node, const std::string& name,
                                 std::vector<std::string> argv) {
  auto process = Process::start({.argv = std::move(argv),
                                 .netns = plan_->namespace_of(node),
                                 .log = directory_ / (name + ".log"),
                                 .output = directory_ / (name + ".out"),
                                 .directory = directory_});
  if (!process) return tl::unexpected(process.error());
  processes_.push_back(std::move(*process));
  return &processes_.back();
}

Json Traffic::connection() const {
  const auto text =
      run({.argv = {"ss", "-Htne", "state", "established", fmt::format("dport = :{}", kHttpPort)},
           .netns = plan_->namespace_of("mn")});
  // RECV-Q SEND-Q LOCAL PEER timer:(...) ino:N sk:N
  std::istringstream words(text.value_or(""));
  Json found = Json::object();
  int column = 0;
  for (std::string word; words >> word; ++column) {
    if (column == 2) found["local"] = word;
    if (column == 3) found["peer"] = word;
    if (word.starts_with("ino:")) found["inode"] = word.substr(4);
    if (word.starts_with("sk:")) found["socket"] = word.substr(3);
  }
  return found;
}

Result<Json> Traffic::download_result() {
  const auto status = curl_->wait(Duration{});
  if (!status) return fail("still-running", "the download has not ended");
  std::ifstream out(directory_ / "curl.out");
  const Json said = Json::parse(out, nullptr, false);
  const auto received = sha256(directory_ / "received.bin");
  if (!said.is_object() || !received) return fail("no-download", "curl left no result");
  return Json{{"url", said.value("url", "")},
              {"curl_exit_status", *status},
              {"http_status", said.value("http_code", 0)},
              {"octets", said.value("size_download", std::uint64_t{0})},
              {"seconds", said.value("time_total", 0.0)},
              {"connections", said.value("num_connects", 0)},
              {"local_port", said.value("local_port", 0)},
              {"sha256_expected", checksum_},
              {"sha256_received", *received}};
}

FlowTrack Traffic::logged(FlowKind flow, Way way) const {
  const StreamPlan& stream = flow == FlowKind::Video ? kVideo : kSteering;
  const auto at_cn = read_packet_log(directory_ / stream.log_at("cn"));
  const auto at_mn = read_packet_log(directory_ / stream.log_at("mn"));
  if (!at_cn || !at_mn) return {};
  return way == Way::Down ? FlowTrack{at_cn->sent, at_mn->arrived} : FlowTrack{at_mn->sent, at_cn->arrived};
}

void Traffic::stop() {
  for (auto process = processes_.rbegin(); process != processes_.rend(); ++process) process->stop();
}

}  // namespace flowmob::lab
