//! The report as a page for a browser: one file that needs nothing else, plots drawn as SVG.

mod axis;
mod plot;

use self::{
    axis::Axis,
    plot::{Line, Plot},
};
use super::{Figures, Report};

/// How the page looks, in a browser's light and dark.
const STYLE: &str = include_str!("page.css");
/// Above it a curve of percentiles has too few points to mean anything.
const LAST_QUANTILE: f64 = 0.999_999;

/// Writes the page of one run or of several.
#[must_use]
pub fn page(reports: &[Report]) -> String {
    let sections: String = reports.iter().map(section).collect();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>chinwag bench</title>\n\
         <style>{STYLE}</style>\n<h1>chinwag bench {version}</h1>\n{sections}</html>\n"
    )
}

fn section(report: &Report) -> String {
    let scenario = escaped(report.scenario);
    let url = escaped(&report.target.url);
    let table = escaped(&report.to_string());
    let plots = report.figures.as_ref().map(plots).unwrap_or_default();
    format!(
        "<section>\n<h2>{scenario}</h2>\n<p>{url}</p>\n<pre>{table}</pre>\n\
         <div class=\"plots\">{plots}</div>\n</section>\n"
    )
}

fn plots(figures: &Figures) -> String {
    let plots = [
        latency(figures),
        percentiles(figures),
        rate(figures),
        cores(figures),
        memory(figures),
    ];
    let drawn = plots.iter().filter(|plot| plot.has_points());
    drawn.map(Plot::svg).collect()
}

/// Each point stands in the middle of its slice.
fn over_time(figures: &Figures, value: impl Fn(&super::Slice) -> f64) -> Vec<(f64, f64)> {
    let slices = figures.timeline.iter();
    slices
        .map(|slice| (slice.at + slice.seconds / 2.0, value(slice)))
        .collect()
}

fn latency(figures: &Figures) -> Plot {
    Plot {
        title: "latency as the run went on",
        x: Axis::linear("s"),
        y: Axis::logarithmic("ms"),
        lines: vec![
            Line::new("p50", over_time(figures, |slice| slice.times.p50_ms)),
            Line::new("p99", over_time(figures, |slice| slice.times.p99_ms)),
            Line::new("max", over_time(figures, |slice| slice.times.max_ms)),
        ],
    }
}

fn percentiles(figures: &Figures) -> Plot {
    let curve = figures
        .curve
        .iter()
        .filter(|point| point.quantile < LAST_QUANTILE);
    // What lies above a quantile shrinks by halves, so its inverse spreads the tail.
    let points = curve.map(|point| (1.0 / (1.0 - point.quantile), point.ms));
    Plot {
        title: "latency by percentile",
        x: Axis::percentiles(),
        y: Axis::logarithmic("ms"),
        lines: vec![Line::new("latency", points.collect())],
    }
}

fn rate(figures: &Figures) -> Plot {
    Plot {
        title: "rate",
        x: Axis::linear("s"),
        y: Axis::from_zero("/s"),
        lines: vec![Line::new(
            "counted",
            over_time(figures, |slice| slice.times.count as f64 / slice.seconds),
        )],
    }
}

fn cores(figures: &Figures) -> Plot {
    let server = figures.usage.iter();
    let server = server.filter_map(|it| Some((it.at, it.server_cores?)));
    let generator = figures.usage.iter().map(|it| (it.at, it.generator_cores));
    Plot {
        title: "processors used",
        x: Axis::linear("s"),
        y: Axis::from_zero("cores"),
        lines: vec![
            Line::new("server", server.collect()),
            Line::new("generator", generator.collect()),
        ],
    }
}

fn memory(figures: &Figures) -> Plot {
    let server = figures.usage.iter();
    let server = server.filter_map(|it| Some((it.at, it.server_resident_bytes? as f64 / 1e6)));
    Plot {
        title: "the server's resident memory",
        x: Axis::linear("s"),
        y: Axis::from_zero("MB"),
        lines: vec![Line::new("server", server.collect())],
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
