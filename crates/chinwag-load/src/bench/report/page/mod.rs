//! The report as a page for a browser: one file that needs nothing else, plots drawn as SVG.

mod axis;
mod plot;
mod plots;

use self::{plot::Plot, plots::plots};
use super::{Figures, Report};

/// How the page looks, in a browser's light and dark.
const STYLE: &str = include_str!("page.css");

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
    let plots = report.figures.as_ref().map(drawn).unwrap_or_default();
    format!(
        "<section>\n<h2>{scenario}</h2>\n<p>{url}</p>\n<pre>{table}</pre>\n\
         <div class=\"plots\">{plots}</div>\n</section>\n"
    )
}

fn drawn(figures: &Figures) -> String {
    let plots = plots(figures);
    let drawn = plots.iter().filter(|plot| plot.has_points());
    drawn.map(Plot::svg).collect()
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
