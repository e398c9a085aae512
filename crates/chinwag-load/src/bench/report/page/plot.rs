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
const BOTTOM: f64 = 28.0;
/// Where the first row of the lines' names stands.
const NAMES: f64 = 30.0;
/// From one row of names to the next, and from the last to the lines.
const ROW: f64 = 15.0;
/// The room of a short name with its stroke, and of a long one.
const SHORT: f64 = 70.0;
const LONG: f64 = 200.0;
/// The letters of a name that is short.
const SHORT_LETTERS: usize = 9;

/// A plot.
pub(super) struct Plot {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
}

/// One line of it.
pub(super) struct Line {
    name: &'static str,
    /// Which of the page's colours it has.
    colour: usize,
    points: Vec<(f64, f64)>,
    is_dashed: bool,
}

impl Line {
    pub(super) fn new(name: &'static str, colour: usize, points: Vec<(f64, f64)>) -> Self {
        Self {
            name,
            colour,
            points,
            is_dashed: false,
        }
    }

    /// Draws it in dashes, so that one below it is seen where both are the same.
    pub(super) fn dashed(self) -> Self {
        Self {
            is_dashed: true,
            ..self
        }
    }

    fn class(&self) -> String {
        let dashed = if self.is_dashed { " dashed" } else { "" };
        format!("c{}{dashed}", self.colour)
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
        let (title, x_unit, y_unit) = (escaped(&self.title), self.x.unit, self.y.unit);
        let names = Names::of(&self.lines);
        // Writing to a string can't fail.
        let _ = write!(
            svg,
            "<title>{title}</title><text class=\"title\" x=\"{LEFT}\" y=\"14\">{title}</text>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{x_unit}</text>\
             <text x=\"4\" y=\"{NAMES}\">{y_unit}</text>",
            WIDTH - RIGHT,
            HEIGHT - 2.0,
        );
        let top = names.bottom();
        grid(&mut svg, top, x, y);
        for (nth, line) in self.lines.iter().enumerate() {
            draw(&mut svg, line, top, x, y);
            names.write(&mut svg, line, nth);
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// Where the names of lines stand: side by side above the lines, in as many rows as they need.
#[derive(Clone, Copy)]
struct Names {
    count: usize,
    in_a_row: usize,
    width: f64,
}

impl Names {
    fn of(lines: &[Line]) -> Self {
        let is_short = |line: &Line| line.name.len() <= SHORT_LETTERS;
        let width = match lines.iter().all(is_short) {
            true => SHORT,
            false => LONG,
        };
        Self {
            count: lines.len(),
            in_a_row: ((WIDTH - LEFT - RIGHT) / width) as usize,
            width,
        }
    }

    /// Returns where the lines may begin.
    fn bottom(self) -> f64 {
        let rows = self.count.div_ceil(self.in_a_row).max(1);
        NAMES - 5.0 + ROW * rows as f64
    }

    /// Writes a name after a stroke of its line's colour.
    fn write(self, svg: &mut String, line: &Line, nth: usize) {
        let (row, column) = (nth / self.in_a_row, nth % self.in_a_row);
        let left = LEFT + self.width * column as f64;
        let base = NAMES + ROW * row as f64;
        let (name, class, stroke) = (escaped(line.name), line.class(), base - 4.0);
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{left} {stroke}h12\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{base}\">{name}</text>",
            left + 16.0
        );
    }
}

fn across(x: Scale, value: f64) -> f64 {
    LEFT + x.place(value) * (WIDTH - LEFT - RIGHT)
}

fn down(y: Scale, top: f64, value: f64) -> f64 {
    top + (1.0 - y.place(value)) * (HEIGHT - top - BOTTOM)
}

fn grid(svg: &mut String, top: f64, x: Scale, y: Scale) {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for (name, value) in x.named() {
        let at = across(x, value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {top}V{bottom}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>",
            bottom + 13.0
        );
    }
    for (name, value) in y.named() {
        let at = down(y, top, value);
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
            LEFT - 5.0,
            at + 4.0
        );
    }
}

fn draw(svg: &mut String, line: &Line, top: f64, x: Scale, y: Scale) {
    let mut points = String::new();
    for (one, other) in &line.points {
        let _ = write!(
            points,
            "{:.1},{:.1} ",
            across(x, *one),
            down(y, top, *other)
        );
    }
    let (name, class) = (escaped(line.name), line.class());
    let _ = write!(
        svg,
        "<polyline class=\"{class}\" points=\"{points}\"><title>{name}</title></polyline>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_within_the_picture_and_names_are_escaped() {
        let plot = Plot {
            title: "a < b".to_owned(),
            x: Axis::linear("s"),
            y: Axis::logarithmic("ms"),
            lines: vec![Line::new("p50", 0, vec![(0.0, 0.1), (5.0, 12.0)])],
        };
        assert!(plot.has_points());
        let svg = plot.svg();
        assert!(svg.contains("a &lt; b") && !svg.contains("a < b"));
        assert!(svg.contains("points=\"48.0,"), "{svg}");
        let empty = Plot {
            lines: vec![Line::new("p50", 0, Vec::new())],
            ..plot
        };
        assert!(!empty.has_points());
    }
}
