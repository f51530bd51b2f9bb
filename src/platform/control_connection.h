// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "platform/event_loop.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// One client of a control socket: lines in, lines out. Reads the next request only after the last was
/// answered; a client that reads too slowly is dropped when its queue is full, so that it costs nobody
/// anything.
class ControlConnection : public std::enable_shared_from_this<ControlConnection> {
 public:
  struct Limits {
    std::size_t request, queue;
  };
  using OnLine = std::function<void(const std::shared_ptr<ControlConnection>&, std::string_view)>;

  static Result<std::shared_ptr<ControlConnection>> start(EventLoop& loop, UniqueFd fd, Limits limits,
                                                          OnLine on_line);

  /// Whether the peer was root or our own user when it connected (SO_PEERCRED).
  bool peer_is_admin() const { return admin_; }
  /// The response to the line in work; the next one may come.
  void answer(const std::string& line);
  void send(const std::string& line);
  void close();
  bool closed() const { return !fd_; }
  bool was_slow() const { return slow_; }

  void set_monitoring() { monitoring_ = true; }
  bool monitoring() const { return monitoring_ && fd_; }

  /// Stays open when the peer has no more to ask; `on_end` is called once, then or when it is gone.
  void set_streaming(std::function<void()> on_end);
  /// Half of what it may have waiting: beyond that a stream leaves out what it can.
  bool has_room() const { return fd_ && backlog() <= limits_.queue / 2; }
  /// Closes when all is sent.
  void finish();

 private:
  ControlConnection(UniqueFd fd, Limits limits, OnLine on_line);
  void on_readable();
  bool receive();
  void take_lines();
  void refuse_oversized();
  void tell_end();
  void flush();
  std::size_t backlog() const { return output_.size() - sent_; }

  UniqueFd fd_;
  FdWatch watch_;  // after fd_: ends before the descriptor closes
  Limits limits_;
  OnLine on_line_;
  std::string input_, output_;
  std::size_t sent_ = 0;  ///< of output_
  bool admin_ = false;
  bool answering_ = false;  ///< a request is with its handler
  bool taking_ = false;     ///< inside take_lines(): an answer given at once must not re-enter it
  bool finished_ = false;   ///< no more input: close when all is answered and sent
  bool monitoring_ = false;
  bool streaming_ = false;
  std::function<void()> on_end_;
  bool slow_ = false;
};

}  // namespace flowmob::platform
