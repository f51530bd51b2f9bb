// SPDX-License-Identifier: Apache-2.0
#include "platform/control_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <future>
#include <thread>

#include "platform/control_client.h"

namespace flowmob::platform {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// A server on a loop of its own thread; handlers run there.
class ControlServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/flowmob-control-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    options.socket = folder_ / "run" / "lma.sock";
    options.role = DaemonRole::Lma;
    loop = EventLoop::create().value();
  }
  void TearDown() override {
    stop();
    server.reset();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    auto listening = ControlServer::listen(*loop, options);
    ASSERT_TRUE(listening) << listening.error().message;
    server = std::move(*listening);
    ASSERT_TRUE(server->handle("status", [](const Json&) -> Result<Json> { return Json{{"name", "lma"}}; }));
    ASSERT_TRUE(server->handle("flow move", [](const Json& arguments) -> Result<Json> {
      if (arguments["flow"] != "video") return fail("no-such-flow", "no such flow");
      return Json{{"moved", arguments["flow"]}};
    }));
  }
  void run() {
    thread_ = std::thread([this] { loop->run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    loop->post([this] { loop->stop(); });
    thread_.join();
  }
  ControlClient client() {
    auto connected = ControlClient::connect(options.socket, seconds(20));
    EXPECT_TRUE(connected) << connected.error().message;
    return std::move(*connected);
  }

  std::filesystem::path folder_;
  ControlServerOptions options;
  std::unique_ptr<EventLoop> loop;
  std::unique_ptr<ControlServer> server;

 private:
  std::thread thread_;
};

UniqueFd raw_connect(const std::filesystem::path& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<::sockaddr*>(&address), sizeof address), 0);
  return fd;
}

/// Sends `text`, closes the sending half, and returns all that comes back.
std::string converse(const std::filesystem::path& path, std::string_view text) {
  const UniqueFd fd = raw_connect(path);
  while (!text.empty()) {
    const auto sent = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(fd.get(), SHUT_WR);
  std::string answer;
  char chunk[4096];
  for (::ssize_t count = 0; (count = ::recv(fd.get(), chunk, sizeof chunk, 0)) > 0;) {
    answer.append(chunk, static_cast<std::size_t>(count));
  }
  return answer;
}

TEST_F(ControlServerTest, AnswersResultsAndErrors) {
  start();
  run();
  ControlClient asking = client();
  EXPECT_EQ(asking.call("status").value(), (Json{{"name", "lma"}}));
  EXPECT_EQ(asking.call("flow move", {{"flow", "video"}, {"to", "mag2"}}).value(),
            (Json{{"moved", "video"}}));
  EXPECT_EQ(asking.call("flow move", {{"flow", "x"}, {"to", "mag2"}}).error().code, "no-such-flow");
  EXPECT_EQ(asking.call("flow move", {{"flow", "video"}}).error().code, "bad-argument");
  EXPECT_EQ(asking.call("flow fly").error().code, "no-such-command");
  EXPECT_EQ(asking.call("attach", {{"access", "a"}}).error().code, "no-such-command")
      << "a command of another daemon";
  EXPECT_EQ(asking.call("reload").error().code, "no-such-command") << "nobody handles it";
  EXPECT_EQ(asking.call("status").value(), (Json{{"name", "lma"}}))
      << "an error leaves the connection usable";
}

TEST_F(ControlServerTest, TableDecidesWhatMayBeHandled) {
  start();
  const auto nothing = [](const Json&) -> Result<Json> { return Json(); };
  EXPECT_FALSE(server->handle("attach", nothing)) << "a MAG's command";
  EXPECT_FALSE(server->handle("monitor", nothing)) << "built in";
  EXPECT_FALSE(server->handle("fly", nothing));
}

TEST_F(ControlServerTest, SeveralRequestsInOnePieceAndAHalfClosedClient) {
  start();
  run();
  EXPECT_EQ(converse(options.socket, "{\"command\":\"status\"}\n{\"command\":\"status\"}\nrubbish\n"),
            "{\"ok\":true,\"result\":{\"name\":\"lma\"}}\n{\"ok\":true,\"result\":{\"name\":\"lma\"}}\n"
            "{\"ok\":false,\"error\":{\"code\":\"bad-request\",\"message\":\"not a line of JSON\"}}\n");
}

TEST_F(ControlServerTest, RequestInPieces) {
  start();
  run();
  const UniqueFd fd = raw_connect(options.socket);
  for (const char letter : std::string_view("{\"command\":\"status\"}\n")) {
    ASSERT_EQ(::send(fd.get(), &letter, 1, MSG_NOSIGNAL), 1);
  }
  char answer[256] = {};
  ASSERT_GT(::recv(fd.get(), answer, sizeof answer - 1, 0), 0);
  EXPECT_THAT(answer, HasSubstr("\"ok\":true"));
}

TEST_F(ControlServerTest, OversizedRequestIsRefusedWithOrWithoutItsEnd) {
  options.max_request = 100;
  start();
  run();
  const std::string line = R"({"command":"status","args":{"x":")" + std::string(100, 'x') + "\"}}";
  EXPECT_THAT(converse(options.socket, line), HasSubstr("request-too-large"));
  EXPECT_THAT(converse(options.socket, line + "\n{\"command\":\"status\"}\n"),
              ::testing::AllOf(HasSubstr("request-too-large"), ::testing::Not(HasSubstr("\"ok\":true"))));
}

TEST_F(ControlServerTest, AnswersKeepTheOrderOfTheRequests) {
  start();
  ControlServer::Reply held;
  ASSERT_TRUE(server->handle_async("reload", [&](const Json&, ControlServer::Reply reply) {
    held = std::move(reply);
    loop->post([&] { loop->post([&] { held(Json("late")); }); });
  }));
  run();
  EXPECT_EQ(converse(options.socket, "{\"command\":\"reload\"}\n{\"command\":\"status\"}\n"),
            "{\"ok\":true,\"result\":\"late\"}\n{\"ok\":true,\"result\":{\"name\":\"lma\"}}\n");
}

TEST_F(ControlServerTest, ReplyToAClientThatHasGoneDoesNothing) {
  start();
  ControlServer::Reply held;
  ASSERT_TRUE(server->handle_async("reload", [&](const Json&, ControlServer::Reply reply) {
    held = std::move(reply);
    loop->stop();
  }));
  {
    const UniqueFd fd = raw_connect(options.socket);
    ASSERT_GT(::send(fd.get(), "{\"command\":\"reload\"}\n", 21, 0), 0);
    loop->run_for(seconds(20));
  }
  ASSERT_TRUE(held);
  held(Json("one"));
  held(Json("two"));
  server.reset();
  held(Json("three"));
}

TEST_F(ControlServerTest, MonitorStreamsEventsToEveryMonitor) {
  start();
  run();
  ControlClient one = client(), two = client(), other = client();
  ASSERT_TRUE(one.monitor());
  ASSERT_TRUE(two.monitor());
  const Json event = make_event(WallTime(), "flow-moved", {{"flow", "video"}});
  loop->post([&] { server->publish(event); });
  EXPECT_EQ(one.next_event(seconds(20)).value(), event);
  EXPECT_EQ(two.next_event(seconds(20)).value(), event);
  EXPECT_TRUE(other.call("status"));
  EXPECT_EQ(one.next_event(milliseconds(1)).value(), std::nullopt) << "a limit without an event is no error";
}

TEST_F(ControlServerTest, HalfClosedMonitorStillHears) {
  start();
  EXPECT_FALSE(server->is_monitored());
  run();
  const UniqueFd fd = raw_connect(options.socket);
  ASSERT_GT(::send(fd.get(), "{\"command\":\"monitor\"}\n", 22, 0), 0);
  ::shutdown(fd.get(), SHUT_WR);
  char chunk[256] = {};
  ASSERT_GT(::recv(fd.get(), chunk, sizeof chunk - 1, 0), 0);
  loop->post([&] { server->publish(make_event(WallTime(), "x", {})); });
  ASSERT_GT(::recv(fd.get(), chunk, sizeof chunk - 1, 0), 0);
  EXPECT_THAT(chunk, HasSubstr("\"event\":\"x\""));
  stop();
  EXPECT_TRUE(server->is_monitored());
}

TEST_F(ControlServerTest, SlowMonitorIsDroppedAndTheOthersAreServed) {
  options.max_queue = 100000;
  start();
  run();
  ControlClient slow = client(), quick = client();
  ASSERT_TRUE(slow.monitor());
  ASSERT_TRUE(quick.monitor());
  const Json event = make_event(WallTime(), "x", {{"filling", std::string(20000, 'x')}});
  std::size_t heard = 0;
  for (int i = 0; i < 200; ++i) {
    loop->post([&] { server->publish(event); });
    const auto next = quick.next_event(seconds(20));
    heard += next && *next == event;
  }
  EXPECT_EQ(heard, 200u);
  stop();
  EXPECT_EQ(server->counters().dropped_slow, 1u);
}

/// What a handler of a stream has to do with its clients; used in the loop's thread alone.
struct StreamsForTest {
  std::vector<std::shared_ptr<ControlStream>> open;
  std::atomic<int> ended = 0;

  ControlServer::StreamHandler handler() {
    return [this](const Json& arguments, const std::shared_ptr<ControlStream>& stream) -> Result<Json> {
      if (arguments.value("reason", "") == "bad") return fail("no-such-reason", "bad");
      stream->on_end = [this, raw = stream.get()] {
        raw->send(make_event(WallTime(), "last", {}));
        raw->finish();
        ++ended;
      };
      open.push_back(stream);
      return Json{{"monitoring", true}};
    };
  }
};

TEST_F(ControlServerTest, AStreamIsForTheClientThatAskedAlone) {
  start();
  StreamsForTest streams;
  ASSERT_TRUE(server->handle_stream("monitor drops", streams.handler()));
  run();
  ControlClient one = client(), monitoring = client(), refused = client();
  ASSERT_TRUE(one.call("monitor drops"));
  ASSERT_TRUE(monitoring.monitor());
  EXPECT_EQ(refused.call("monitor drops", {{"reason", "bad"}}).error().code, "no-such-reason");
  EXPECT_TRUE(refused.call("status")) << "what was refused streams nothing";
  const Json first = make_event(WallTime(), "one", {}), second = make_event(WallTime(), "two", {});
  loop->post([&] { server->publish(second); });
  loop->post([&] { streams.open.at(0)->send(first); });
  EXPECT_EQ(one.next_event(seconds(20)).value(), first);
  EXPECT_EQ(monitoring.next_event(seconds(20)).value(), second);
  EXPECT_EQ(monitoring.next_event(milliseconds(1)).value(), std::nullopt);
  stop();
  EXPECT_EQ(streams.open.size(), 1U);
}

TEST_F(ControlServerTest, AStreamsEndIsToldWhenItsClientGoes) {
  start();
  StreamsForTest streams;
  ASSERT_TRUE(server->handle_stream("monitor drops", streams.handler()));
  run();
  { ASSERT_TRUE(client().call("monitor drops")); }
  for (int i = 0; i < 2000 && streams.ended == 0; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(streams.ended, 1);
  stop();
  EXPECT_FALSE(streams.open.at(0)->has_room());
}

TEST_F(ControlServerTest, AClientThatHasNoMoreToAskGetsWhatIsLeftToSay) {
  start();
  StreamsForTest streams;
  ASSERT_TRUE(server->handle_stream("monitor drops", streams.handler()));
  run();
  ControlClient ending = client();
  ASSERT_TRUE(ending.call("monitor drops"));
  ending.finish();
  EXPECT_EQ((*ending.next_event(seconds(20)).value())["event"], "last");
  EXPECT_EQ(ending.next_event(seconds(20)).error().code, "connection-lost");
  EXPECT_EQ(streams.ended, 1);
}

TEST_F(ControlServerTest, AStreamKnowsWhetherItsClientKeepsUp) {
  options.max_queue = 2'000'000;
  start();
  StreamsForTest streams;
  ASSERT_TRUE(server->handle_stream("monitor drops", streams.handler()));
  run();
  ControlClient slow = client();
  ASSERT_TRUE(slow.call("monitor drops"));
  const Json event = make_event(WallTime(), "x", {{"filling", std::string(20000, 'x')}});
  std::promise<int> sent;
  loop->post([&] {
    int count = 0;
    for (; count < 1000 && streams.open.at(0)->has_room(); ++count) streams.open.at(0)->send(event);
    sent.set_value(count);
  });
  const int count = sent.get_future().get();
  EXPECT_LT(count, 1000) << "it reads nothing";
  for (int i = 0; i < count; ++i) ASSERT_EQ(slow.next_event(seconds(20)).value(), event) << i;
}

TEST_F(ControlServerTest, OnlyWhatStreamsHasAHandlerOfStreams) {
  start();
  StreamsForTest streams;
  for (const char* command : {"monitor", "status", "no such"})
    EXPECT_FALSE(server->handle_stream(command, streams.handler())) << command;
  run();
  EXPECT_EQ(client().call("monitor drops").error().code, "no-such-command") << "nobody handles it";
}

TEST_F(ControlServerTest, LargeAnswerReachesAnyClient) {
  options.max_queue = 1000;
  start();
  const std::string large(5 << 20, 'x');
  ASSERT_TRUE(server->handle("show bindings", [&](const Json&) -> Result<Json> { return Json(large); }));
  run();
  EXPECT_EQ(client().call("show bindings").value(), Json(large));
}

TEST_F(ControlServerTest, TooManyClientsAreToldSo) {
  options.max_clients = 1;
  start();
  run();
  {
    ControlClient first = client();
    ASSERT_TRUE(first.call("status"));
    EXPECT_EQ(client().call("status").error().code, "too-many-clients");
  }
  // The place is free again once the server has seen the first one go.
  Result<Json> answer = fail("", "");
  for (int i = 0; i < 1000 && !answer; ++i) answer = client().call("status");
  EXPECT_TRUE(answer);
}

TEST_F(ControlServerTest, AdminCommandsNeedRootOrTheOwner) {
  options.mode = 0666;
  start();
  run();
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  Result<Json> read = fail("", ""), moved = fail("", "");
  // Credentials are per thread for the bare system call: this one becomes nobody and connects.
  std::thread([&] {
    ASSERT_EQ(::syscall(SYS_setresuid, 65534, 65534, 65534), 0);
    ControlClient nobody = client();
    read = nobody.call("status");
    moved = nobody.call("flow move", {{"flow", "video"}, {"to", "mag2"}});
  }).join();
  EXPECT_TRUE(read) << read.error().message;
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, "not-permitted");
}

TEST_F(ControlServerTest, SocketModeKeepsOthersOut) {
  start();
  run();
  struct ::stat status {};
  ASSERT_EQ(::stat(options.socket.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
  std::filesystem::permissions(folder_, std::filesystem::perms(0755));
  std::string code;
  std::thread([&] {
    ASSERT_EQ(::syscall(SYS_setresgid, 65534, 65534, 65534), 0);
    ASSERT_EQ(::syscall(SYS_setresuid, 65534, 65534, 65534), 0);
    const auto refused = ControlClient::connect(options.socket, seconds(1));
    code = refused ? "connected" : refused.error().code;
  }).join();
  EXPECT_EQ(code, "not-permitted");
}

TEST_F(ControlServerTest, LiveDaemonsSocketIsRefused) {
  start();
  const auto second = ControlServer::listen(*loop, options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "already-running");
  run();
  EXPECT_TRUE(client().call("status"));
}

/// The kernel takes a process that was killed down step by step.
TEST_F(ControlServerTest, DyingDaemonsSocketIsReplaced) {
  std::filesystem::create_directories(options.socket.parent_path());
  UniqueFd dying(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, options.socket.c_str(), options.socket.native().size());
  ASSERT_EQ(::bind(dying.get(), reinterpret_cast<::sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(dying.get(), 8), 0);
  std::thread death([&] {
    ::pollfd called{dying.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&called, 1, 20'000), 1);
    dying = {};
  });
  const auto successor = ControlServer::listen(*loop, options);
  death.join();
  EXPECT_TRUE(successor) << successor.error().message;
}

TEST_F(ControlServerTest, DeadDaemonsSocketIsReplaced) {
  std::filesystem::create_directories(options.socket.parent_path());
  {
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, options.socket.c_str(), options.socket.native().size());
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<::sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_EQ(ControlClient::connect(options.socket).error().code, "not-running");
  start();
  run();
  EXPECT_TRUE(client().call("status"));
}

TEST_F(ControlServerTest, AnythingElseAtThePathIsLeftAlone) {
  std::filesystem::create_directories(options.socket.parent_path());
  std::ofstream(options.socket) << "precious";
  const auto listening = ControlServer::listen(*loop, options);
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, "not-a-socket");
  EXPECT_TRUE(std::filesystem::exists(options.socket));
}

TEST_F(ControlServerTest, PathTooLongForASocket) {
  options.socket = folder_ / std::string(120, 'x');
  EXPECT_EQ(ControlServer::listen(*loop, options).error().code, "bad-path");
  EXPECT_EQ(ControlClient::connect(options.socket).error().code, "bad-path");
}

TEST_F(ControlServerTest, FileGoesWithTheServer) {
  start();
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(options.socket));
  EXPECT_EQ(ControlClient::connect(options.socket).error().code, "not-running");
}

TEST_F(ControlServerTest, SilentDaemonIsATimeout) {
  start();  // never run: the kernel accepts, nobody answers
  auto asking = ControlClient::connect(options.socket, milliseconds(5));
  ASSERT_TRUE(asking);
  EXPECT_EQ(asking->call("status").error().code, "timeout");
}

}  // namespace
}  // namespace flowmob::platform
