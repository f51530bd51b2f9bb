// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/picture.h"

#include <cairo.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace flowmob::lab {
namespace {

constexpr int kWidth = 1400, kHeight = 980;
constexpr double kLeft = 96, kRight = 30;
constexpr double kLabelSize = 12.5;

struct Colour {
  double red, green, blue;
};
constexpr Colour kInk{0.13, 0.15, 0.19}, kFaint{0.45, 0.48, 0.53}, kGrid{0.90, 0.91, 0.93}, kPaper{1, 1, 1};
constexpr Colour kShade{0.96, 0.88, 0.86}, kEvent{0.35, 0.37, 0.42};
constexpr std::array<Colour, kFlowKinds.size()> kFlow{Colour{0.85, 0.37, 0.25}, Colour{0.20, 0.47, 0.70},
                                                      Colour{0.33, 0.62, 0.36}, Colour{0.56, 0.34, 0.66}};

struct Rectangle {
  double x, y, width, height;
};

class Canvas {
 public:
  Canvas()
      : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, kWidth, kHeight)),
        cairo_(cairo_create(surface_.get())) {
    fill({0, 0, kWidth, kHeight}, kPaper);
  }

  /// Sharp edges: neighbours that share a pixel would leave a seam.
  void fill(const Rectangle& r, Colour c) {
    set(c);
    cairo_set_antialias(get(), CAIRO_ANTIALIAS_NONE);
    cairo_rectangle(get(), r.x, r.y, r.width, r.height);
    cairo_fill(get());
    cairo_set_antialias(get(), CAIRO_ANTIALIAS_DEFAULT);
  }

  void line(double x1, double y1, double x2, double y2, Colour c, double width, bool dashed = false) {
    const double dashes[] = {4, 4};
    set(c);
    cairo_set_line_width(get(), width);
    cairo_set_dash(get(), dashes, dashed ? 2 : 0, 0);
    cairo_move_to(get(), x1, y1);
    cairo_line_to(get(), x2, y2);
    cairo_stroke(get());
    cairo_set_dash(get(), nullptr, 0, 0);
  }

  enum class Align { Left, Centre, Right };
  double text(double x, double y, const std::string& s, double size, Colour c, Align align = Align::Left,
              bool bold = false) {
    cairo_select_font_face(get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(get(), size);
    cairo_text_extents_t extents;
    cairo_text_extents(get(), s.c_str(), &extents);
    const double shift = align == Align::Left     ? 0
                         : align == Align::Centre ? extents.x_advance / 2
                                                  : extents.x_advance;
    set(c);
    cairo_move_to(get(), x - shift, y);
    cairo_show_text(get(), s.c_str());
    return extents.x_advance;
  }

  double width_of(const std::string& s, double size) {
    cairo_select_font_face(get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(get(), size);
    cairo_text_extents_t extents;
    cairo_text_extents(get(), s.c_str(), &extents);
    return extents.x_advance;
  }

  void dot(double x, double y, double radius, Colour c) {
    set(c, 0.8);
    cairo_arc(get(), x, y, radius, 0, 2 * M_PI);
    cairo_fill(get());
  }

  ::cairo_t* get() { return cairo_.get(); }
  bool write(const std::filesystem::path& file) {
    return cairo_surface_write_to_png(surface_.get(), file.c_str()) == CAIRO_STATUS_SUCCESS;
  }

 private:
  void set(Colour c, double alpha = 1) { cairo_set_source_rgba(get(), c.red, c.green, c.blue, alpha); }

  struct Release {
    void operator()(::cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(::cairo_t* cairo) const { cairo_destroy(cairo); }
  };
  std::unique_ptr<::cairo_surface_t, Release> surface_;
  std::unique_ptr<::cairo_t, Release> cairo_;
};

/// A step of 1, 2 or 5 times a power of ten that cuts `range` into about `parts`.
double nice_step(double range, int parts) {
  const double raw = std::max(range, 1e-9) / parts;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

/// A plot's box and its scales.
class Plot {
 public:
  Plot(Canvas& canvas, const PictureData& data, Rectangle box, double top)
      : canvas_(canvas),
        data_(data),
        box_(box),
        step_(nice_step(top, 4)),
        top_(std::ceil(top / step_) * step_) {}

  double x(double seconds) const { return box_.x + seconds / data_.seconds * box_.width; }
  double y(double value) const { return box_.y + box_.height * (1 - std::min(value / top_, 1.0)); }

  void frame(const std::string& title, const std::string& unit) {
    for (const auto& event : data_.events) {
      if (event.until > event.at)
        canvas_.fill({x(event.at), box_.y, x(event.until) - x(event.at), box_.height}, kShade);
    }
    for (int i = 0; i <= std::lround(top_ / step_); ++i) {
      const double value = i * step_;
      canvas_.line(box_.x, y(value), box_.x + box_.width, y(value), kGrid, 1);
      canvas_.text(box_.x - 10, y(value) + 4, fmt::format("{:g}", value), 12, kFaint, Canvas::Align::Right);
    }
    canvas_.text(box_.x + box_.width, box_.y - 10, unit, 12, kFaint, Canvas::Align::Right);
    title_ = title;
  }

  /// After everything else: the lines cross all, the title stands clear of them.
  void finish() {
    for (const auto& event : data_.events) {
      canvas_.line(x(event.at), box_.y, x(event.at), box_.y + box_.height, kEvent, 1.2, true);
    }
    canvas_.line(box_.x, box_.y + box_.height, box_.x + box_.width, box_.y + box_.height, kInk, 1);
    const double width = canvas_.text(box_.x, box_.y - 10, title_, 14, kInk, Canvas::Align::Left, true);
    canvas_.fill({box_.x, box_.y - 24, width + 6, 20}, kPaper);
    canvas_.text(box_.x, box_.y - 10, title_, 14, kInk, Canvas::Align::Left, true);
  }

  void stack(const decltype(PictureData::Panel::mbits)& series) {
    std::vector<double> below(series[0].size(), 0.0);
    for (std::size_t flow = 0; flow < series.size(); ++flow) {
      for (std::size_t i = 0; i < series[flow].size(); ++i) {
        const double value = series[flow][i];
        if (value <= 0) continue;
        const double left = x(static_cast<double>(i) * data_.bin),
                     right = x(static_cast<double>(i + 1) * data_.bin);
        const double high = y(below[i] + value), low = y(below[i]);
        canvas_.fill({left, high, right - left + 0.3, low - high}, kFlow[flow]);
        below[i] += value;
      }
    }
  }

  void dots(const std::vector<PictureData::Delay>& points) {
    for (const auto& point : points) canvas_.dot(x(point.at), y(point.ms), 1.3, kFlow[0]);
  }

 private:
  Canvas& canvas_;
  const PictureData& data_;
  Rectangle box_;
  double step_, top_;
  std::string title_;
};

double highest(const PictureData::Panel& panel) {
  double most = 1;
  for (std::size_t i = 0; i < panel.mbits[0].size(); ++i) {
    double sum = 0;
    for (const auto& flow : panel.mbits) sum += flow[i];
    most = std::max(most, sum);
  }
  return most;
}

void draw_header(Canvas& canvas, const PictureData& data) {
  canvas.text(kLeft, 44, "Two flows, two accesses, one address: a flow moves while it runs", 22, kInk,
              Canvas::Align::Left, true);
  canvas.text(kLeft, 70, data.subtitle, 13.5, kFaint);
  double x = kLeft;
  for (const FlowKind flow : kFlowKinds) {
    canvas.fill({x, 86, 14, 14}, kFlow[static_cast<std::size_t>(flow)]);
    const std::string name =
        fmt::format("{}{}", to_string(flow), is_redundant(flow) ? ", by both links" : "");
    x += 22 + canvas.text(x + 20, 98, name, 13.5, kInk) + 22;
  }
}

/// Labels stand above the topmost plot, on as many rows as keep them apart.
void draw_event_labels(Canvas& canvas, const PictureData& data, const Plot& plot) {
  std::array<double, 3> row_end{-1e9, -1e9, -1e9};
  for (std::size_t i = 0; i < data.events.size(); ++i) {
    const double x = plot.x(data.events[i].at);
    const double width = canvas.width_of(data.events[i].label, kLabelSize);
    // At the right edge it stands before its line.
    const double left = x + 5 + width > kWidth - kRight ? x - 5 - width : x + 5;
    const auto row = std::ranges::find_if(row_end, [&](double end) { return end < left - 11; });
    const auto index =
        row == row_end.end() ? i % row_end.size() : static_cast<std::size_t>(row - row_end.begin());
    const double y = 176 - static_cast<double>(index) * 18;
    canvas.text(left, y, data.events[i].label, kLabelSize, kInk);
    canvas.line(x, y - 10, x, 204, kEvent, 1.2, true);
    row_end[index] = left + width + 3;
  }
}

}  // namespace

Result<void> draw_picture(const PictureData& data, const std::filesystem::path& file) {
  Canvas canvas;
  draw_header(canvas, data);
  const double width = kWidth - kLeft - kRight;
  const double top = std::max(highest(data.panels[0]), highest(data.panels[1])) * 1.08;
  for (std::size_t i = 0; i < data.panels.size(); ++i) {
    Plot plot(canvas, data, {kLeft, 204 + static_cast<double>(i) * 258, width, 208}, top);
    plot.frame(data.panels[i].title, "Mbit/s, both ways");
    plot.stack(data.panels[i].mbits);
    if (i == 0) draw_event_labels(canvas, data, plot);
    plot.finish();
  }
  double slowest = 10;
  for (const auto& point : data.video_delay) slowest = std::max(slowest, point.ms);
  Plot delays(canvas, data, {kLeft, 720, width, 196}, std::min(slowest * 1.1, 200.0));
  delays.frame("Every video packet on its way to the mobile node: one-way delay", "ms");
  delays.dots(data.video_delay);
  delays.finish();
  const double tick = nice_step(data.seconds, 12);
  for (int i = 0; i * tick <= data.seconds; ++i) {
    const double t = i * tick;
    canvas.text(delays.x(t), 936, fmt::format("{:g}", t), 12, kFaint, Canvas::Align::Centre);
  }
  canvas.text(kLeft + width / 2, 960, "seconds", 13, kFaint, Canvas::Align::Centre);
  if (!canvas.write(file)) return fail("write-failed", "cannot write " + file.string());
  return {};
}

}  // namespace flowmob::lab
