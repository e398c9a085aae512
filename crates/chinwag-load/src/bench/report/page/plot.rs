//! A plot of lines, as SVG.

use std::fmt::Write as _;

use super::{
    axis::{Axis, Scale},
    escaped,
};

/// The picture, in units of its own.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 240.0;
/// What is left for names around the lines.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 28.0;

/// A plot.
pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
}

/// One line of it.
pub(super) struct Line {
    name: &'static str,
    points: Vec<(f64, f64)>,
}

impl Line {
    pub(super) fn new(name: &'static str, points: Vec<(f64, f64)>) -> Self {
        Self { name, points }
    }
}

impl Plot {
    /// Returns whether there is anything to see.
    pub(super) fn has_points(&self) -> bool {
        self.points().next().is_some()
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        self.lines
            .iter()
            .flat_map(|line| line.points.iter().copied())
    }

    /// Draws it.
    pub(super) fn svg(&self) -> String {
        let x = self.x.scale(self.points().map(|point| point.0));
        let y = self.y.scale(self.points().map(|point| point.1));
        let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">");
        let (title, x_unit, y_unit) = (escaped(self.title), self.x.unit, self.y.unit);
        // Writing to a string can't fail.
        let _ = write!(
            svg,
            "<title>{title}</title><text class=\"title\" x=\"{LEFT}\" y=\"14\">{title}</text>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{x_unit}</text>\
             <text x=\"4\" y=\"{}\">{y_unit}</text>",
            WIDTH - RIGHT,
            HEIGHT - 2.0,
            TOP - 10.0,
        );
        grid(&mut svg, x, y);
        for (nth, line) in self.lines.iter().enumerate() {
            draw(&mut svg, line, nth, x, y);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

fn across(x: Scale, value: f64) -> f64 {
    LEFT + x.place(value) * (WIDTH - LEFT - RIGHT)
}

fn down(y: Scale, value: f64) -> f64 {
    TOP + (1.0 - y.place(value)) * (HEIGHT - TOP - BOTTOM)
}

fn grid(svg: &mut String, x: Scale, y: Scale) {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for (name, value) in x.named() {
        let at = across(x, value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{bottom}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>",
            bottom + 13.0
        );
    }
    for (name, value) in y.named() {
        let at = down(y, value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
            LEFT - 5.0,
            at + 4.0
        );
    }
}

fn draw(svg: &mut String, line: &Line, nth: usize, x: Scale, y: Scale) {
    let mut points = String::new();
    for (one, other) in &line.points {
        let _ = write!(points, "{:.1},{:.1} ", across(x, *one), down(y, *other));
    }
    // Names stand side by side above the lines, each after a stroke of its colour.
    let (name, left) = (escaped(line.name), LEFT + 70.0 * nth as f64);
    let _ = write!(
        svg,
        "<polyline class=\"c{nth}\" points=\"{points}\"><title>{name}</title></polyline>\
         <path class=\"c{nth}\" d=\"M{left} 26h12\" stroke-width=\"2\"/>\
         <text x=\"{}\" y=\"30\">{name}</text>",
        left + 16.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_within_the_picture_and_names_are_escaped() {
        let plot = Plot {
            title: "a < b",
            x: Axis::linear("s"),
            y: Axis::logarithmic("ms"),
            lines: vec![Line::new("p50", vec![(0.0, 0.1), (5.0, 12.0)])],
        };
        assert!(plot.has_points());
        let svg = plot.svg();
        assert!(svg.contains("a &lt; b") && !svg.contains("a < b"));
        assert!(svg.contains("points=\"48.0,"), "{svg}");
        let empty = Plot {
            lines: vec![Line::new("p50", Vec::new())],
            ..plot
        };
        assert!(!empty.has_points());
    }
}
