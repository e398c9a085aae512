//! Which plots a run has.

use super::{
    axis::Axis,
    plot::{Line, Plot},
};
use crate::bench::{latency::CurvePoint, report::Figures, timeline::Slice};

/// Above it a curve of percentiles has too few points to mean anything.
const LAST_QUANTILE: f64 = 0.999_999;

/// What the plots are of: a kind of thing that took time, again and again.
struct Series<'a> {
    name: &'static str,
    /// The same in all plots.
    colour: usize,
    timeline: &'a [Slice],
    curve: &'a [CurvePoint],
}

/// Returns the plots of a run, those without anything to see too.
pub(super) fn plots(figures: &Figures) -> Vec<Plot> {
    let series = series(figures);
    let mut plots: Vec<Plot> = series.iter().map(latency).collect();
    plots.push(percentiles(&series));
    plots.push(rates(&series));
    plots.extend([cores(figures), memory(figures)]);
    plots
}

/// Returns the parts of a run that has such, else its deliveries.
fn series(figures: &Figures) -> Vec<Series<'_>> {
    if figures.parts.is_empty() {
        return vec![Series {
            name: "deliveries",
            colour: 0,
            timeline: &figures.timeline,
            curve: &figures.curve,
        }];
    }
    let parts = figures.parts.iter().enumerate();
    let parts = parts.map(|(colour, part)| Series {
        name: part.name,
        colour,
        timeline: &part.timeline,
        curve: &part.curve,
    });
    parts.collect()
}

/// Each point stands in the middle of its slice.
fn over_time(timeline: &[Slice], value: impl Fn(&Slice) -> f64) -> Vec<(f64, f64)> {
    let slices = timeline.iter();
    slices
        .map(|slice| (slice.at + slice.seconds / 2.0, value(slice)))
        .collect()
}

fn latency(series: &Series<'_>) -> Plot {
    let line = |name, colour, value: fn(&Slice) -> f64| {
        Line::new(name, colour, over_time(series.timeline, value))
    };
    Plot {
        title: format!("{}: latency as the run went on", series.name),
        x: Axis::linear("s"),
        y: Axis::logarithmic("ms"),
        lines: vec![
            line("p50", 0, |slice| slice.times.p50_ms),
            line("p99", 1, |slice| slice.times.p99_ms),
            line("max", 2, |slice| slice.times.max_ms).dashed(),
        ],
    }
}

fn percentiles(series: &[Series<'_>]) -> Plot {
    // What lies above a quantile shrinks by halves, so its inverse spreads the tail.
    let place = |point: &CurvePoint| (1.0 / (1.0 - point.quantile), point.ms);
    let line = |one: &Series<'_>| {
        let shown = one.curve.iter();
        let shown = shown.filter(|point| point.quantile < LAST_QUANTILE);
        Line::new(one.name, one.colour, shown.map(place).collect())
    };
    Plot {
        title: "latency by percentile".to_owned(),
        x: Axis::percentiles(),
        y: Axis::logarithmic("ms"),
        lines: series.iter().map(line).collect(),
    }
}

fn rates(series: &[Series<'_>]) -> Plot {
    let rate = |slice: &Slice| slice.times.count as f64 / slice.seconds;
    let line = |one: &Series<'_>| Line::new(one.name, one.colour, over_time(one.timeline, rate));
    let shown = series.iter().filter(|one| !one.timeline.is_empty());
    let lines: Vec<Line> = shown.map(line).collect();
    Plot {
        title: "rate".to_owned(),
        x: Axis::linear("s"),
        // Kinds differ by powers of ten.
        y: match lines.len() {
            0..=1 => Axis::from_zero("/s"),
            _ => Axis::logarithmic("/s"),
        },
        lines,
    }
}

fn cores(figures: &Figures) -> Plot {
    let server = figures.usage.iter();
    let server = server.filter_map(|it| Some((it.at, it.server_cores?)));
    let generator = figures.usage.iter().map(|it| (it.at, it.generator_cores));
    Plot {
        title: "processors used".to_owned(),
        x: Axis::linear("s"),
        y: Axis::from_zero("cores"),
        lines: vec![
            Line::new("server", 0, server.collect()),
            Line::new("generator", 1, generator.collect()),
        ],
    }
}

fn memory(figures: &Figures) -> Plot {
    let server = figures.usage.iter();
    let server = server.filter_map(|it| Some((it.at, it.server_resident_bytes? as f64 / 1e6)));
    Plot {
        title: "the server's resident memory".to_owned(),
        x: Axis::linear("s"),
        y: Axis::from_zero("MB"),
        lines: vec![Line::new("server", 0, server.collect())],
    }
}
