//! From values to places on a plot, and which values are named there.

/// Values that an axis names, about.
const NAMED: f64 = 5.0;
/// What a curve of percentiles names.
const PERCENTILES: [(&str, f64); 6] = [
    ("0", 1.0),
    ("50", 2.0),
    ("90", 10.0),
    ("99", 100.0),
    ("99.9", 1_000.0),
    ("99.99", 10_000.0),
];

/// An axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) unit: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Linear,
    FromZero,
    Logarithmic,
    Percentiles,
}

/// An axis with the values that it must hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    axis: Axis,
    low: f64,
    high: f64,
}

impl Axis {
    pub(super) fn linear(unit: &'static str) -> Self {
        let kind = Kind::Linear;
        Self { unit, kind }
    }

    pub(super) fn from_zero(unit: &'static str) -> Self {
        let kind = Kind::FromZero;
        Self { unit, kind }
    }

    pub(super) fn logarithmic(unit: &'static str) -> Self {
        let kind = Kind::Logarithmic;
        Self { unit, kind }
    }

    /// Makes one for values of 1/(1 − quantile).
    pub(super) fn percentiles() -> Self {
        Self {
            unit: "percentile",
            kind: Kind::Percentiles,
        }
    }

    fn is_logarithmic(self) -> bool {
        matches!(self.kind, Kind::Logarithmic | Kind::Percentiles)
    }

    /// Fits the axis to values.
    pub(super) fn scale(self, values: impl Iterator<Item = f64> + Clone) -> Scale {
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        let (low, high) = match self.kind {
            Kind::Linear => (low, high),
            Kind::FromZero => (0.0, high * 1.1),
            // Whole powers of ten; nothing is below a microsecond.
            Kind::Logarithmic => {
                let power = |value: f64| value.max(1e-3).log10();
                let (low, high) = (power(low).floor(), power(high).ceil());
                (10_f64.powf(low), 10_f64.powf(high.max(low + 1.0)))
            }
            Kind::Percentiles => (1.0, high.max(10.0)),
        };
        let high = if high > low { high } else { low + 1.0 };
        Scale {
            axis: self,
            low,
            high,
        }
    }
}

impl Scale {
    /// Returns where a value lies, from 0 at the axis' beginning to 1 at its end.
    pub(super) fn place(self, value: f64) -> f64 {
        let place = if self.axis.is_logarithmic() {
            let (low, high) = (self.low.ln(), self.high.ln());
            (value.max(self.low).ln() - low) / (high - low)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        place.clamp(0.0, 1.0)
    }

    /// Returns the values that are named.
    pub(super) fn named(self) -> Vec<(String, f64)> {
        match self.axis.kind {
            Kind::Percentiles => {
                let within = PERCENTILES.iter().filter(|(_, value)| *value <= self.high);
                within
                    .map(|(name, value)| ((*name).to_owned(), *value))
                    .collect()
            }
            Kind::Logarithmic => {
                let powers = self.low.log10().round() as i32..=self.high.log10().round() as i32;
                powers.map(|power| named(10_f64.powi(power))).collect()
            }
            Kind::Linear | Kind::FromZero => {
                let step = round_step((self.high - self.low) / NAMED);
                let first = (self.low / step).ceil() as i64;
                let last = (self.high / step).floor() as i64;
                (first..=last).map(|nth| named(nth as f64 * step)).collect()
            }
        }
    }
}

fn named(value: f64) -> (String, f64) {
    let name = match value {
        _ if value >= 1e6 => format!("{}M", value / 1e6),
        _ if value >= 1e4 => format!("{}k", value / 1e3),
        // A step of 0.1 may be 0.30000000000000004.
        _ => format!("{}", (value * 1e6).round() / 1e6),
    };
    (name, value)
}

/// Returns 1, 2 or 5 times a power of ten that is at least so much.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|step| step * power >= least);
    step.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(scale: Scale) -> Vec<String> {
        scale.named().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn axes_name_round_values_and_hold_all_that_they_are_given() {
        let linear = Axis::linear("s").scale([0.0, 10.0].into_iter());
        assert_eq!(names(linear), ["0", "2", "4", "6", "8", "10"]);
        let tenths = Axis::from_zero("cores").scale([0.7].into_iter());
        assert_eq!(names(tenths), ["0", "0.2", "0.4", "0.6"]);
        let logarithmic = Axis::logarithmic("ms").scale([0.3, 45.0].into_iter());
        assert_eq!(names(logarithmic), ["0.1", "1", "10", "100"]);
        assert!((logarithmic.place(1.0) - 1.0 / 3.0).abs() < 1e-9);
        let percentiles = Axis::percentiles().scale([1.0, 1_500.0].into_iter());
        assert_eq!(names(percentiles), ["0", "50", "90", "99", "99.9"]);
    }

    #[test]
    fn one_value_alone_has_a_place() {
        for axis in [
            Axis::linear("s"),
            Axis::from_zero("s"),
            Axis::logarithmic("s"),
        ] {
            for value in [0.0, 1.0, 123_456.0] {
                let place = axis.scale([value].into_iter()).place(value);
                assert!((0.0..=1.0).contains(&place), "{axis:?} {value} {place}");
            }
        }
    }
}
