//! Which traces are kept. Pure: a trace's id decides, so that every gateway decides alike.

use super::context::{Remote, TraceId};

/// Which traces are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampler {
    /// This share of all, 0 to 1, whatever the client decided.
    Ratio(f64),
    /// As the client decided; this share of those that it did not decide.
    ParentOr(f64),
}

impl Default for Sampler {
    /// OpenTelemetry's: as the client decided, else every trace.
    fn default() -> Self {
        Self::ParentOr(1.0)
    }
}

impl Sampler {
    /// Reads the values of `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    ///
    /// # Errors
    ///
    /// What is wrong with them, in words.
    pub(super) fn parse(name: &str, argument: Option<&str>) -> Result<Self, String> {
        let ratio = || match argument.map(|text| text.trim().parse::<f64>()) {
            None => Ok(1.0),
            Some(Ok(ratio)) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
            Some(_) => Err("OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1".to_owned()),
        };
        match name {
            "always_on" => Ok(Self::Ratio(1.0)),
            "always_off" => Ok(Self::Ratio(0.0)),
            "traceidratio" => ratio().map(Self::Ratio),
            "parentbased_always_on" => Ok(Self::ParentOr(1.0)),
            "parentbased_always_off" => Ok(Self::ParentOr(0.0)),
            "parentbased_traceidratio" => ratio().map(Self::ParentOr),
            other => Err(format!(
                "OTEL_TRACES_SAMPLER is {other:?}; known are always_on, always_off, traceidratio \
                 and these with parentbased_ before them"
            )),
        }
    }

    /// Whether a trace is kept.
    pub(super) fn keeps(self, parent: Option<&Remote>, trace: TraceId) -> bool {
        match (self, parent) {
            (Self::ParentOr(_), Some(parent)) => parent.sampled,
            (Self::ParentOr(ratio) | Self::Ratio(ratio), _) => within(ratio, trace),
        }
    }
}

/// As OpenTelemetry's SDKs have it: 63 bits of the id's lower half against the ratio.
fn within(ratio: f64, trace: TraceId) -> bool {
    let low = (u128::from_be_bytes(trace.0) as u64) >> 1;
    ratio >= 1.0 || low < (ratio.max(0.0) * (1_u64 << 63) as f64) as u64
}

#[cfg(test)]
mod tests {
    use tollgate_core_types::Chance;
    use tollgate_core_types::chance::SplitMix64;

    use super::*;

    fn parent(sampled: bool) -> Remote {
        let flags = u8::from(sampled);
        let text = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0{flags}");
        Remote::parse(&text, None).unwrap()
    }

    #[test]
    fn the_parent_decides_where_it_is_asked() {
        let trace = parent(true).trace;
        for ratio in [0.0, 1.0] {
            assert!(Sampler::ParentOr(ratio).keeps(Some(&parent(true)), trace));
            assert!(!Sampler::ParentOr(ratio).keeps(Some(&parent(false)), trace));
            for sampled in [true, false] {
                let kept = Sampler::Ratio(ratio).keeps(Some(&parent(sampled)), trace);
                assert_eq!(kept, ratio == 1.0);
            }
            assert_eq!(Sampler::ParentOr(ratio).keeps(None, trace), ratio == 1.0);
        }
    }

    #[test]
    fn a_ratio_keeps_its_share_and_the_same_traces_every_time() {
        let mut chance = SplitMix64::new(11);
        let mut id = || {
            TraceId(
                (u128::from(chance.next_u64()) << 64 | u128::from(chance.next_u64())).to_be_bytes(),
            )
        };
        let ids: Vec<TraceId> = (0..20_000).map(|_| id()).collect();
        let kept = |ratio| ids.iter().filter(|id| Sampler::Ratio(ratio).keeps(None, **id)).count();
        assert_eq!((kept(0.0), kept(1.0), kept(0.25)), (0, 20_000, kept(0.25)));
        assert!((4_700..5_300).contains(&kept(0.25)), "{}", kept(0.25));
        let more = |id: &&TraceId| Sampler::Ratio(0.5).keeps(None, **id);
        let fewer = |id: &&TraceId| Sampler::Ratio(0.25).keeps(None, **id);
        assert!(ids.iter().filter(fewer).all(|id| more(&id)));
    }

    #[test]
    fn names_are_opentelemetrys() {
        for (name, argument, sampler) in [
            ("always_on", None, Sampler::Ratio(1.0)),
            ("always_off", Some("0.5"), Sampler::Ratio(0.0)),
            ("traceidratio", Some("0.5"), Sampler::Ratio(0.5)),
            ("parentbased_always_on", None, Sampler::ParentOr(1.0)),
            ("parentbased_always_off", None, Sampler::ParentOr(0.0)),
            ("parentbased_traceidratio", Some(" 0.1 "), Sampler::ParentOr(0.1)),
            ("parentbased_traceidratio", None, Sampler::ParentOr(1.0)),
        ] {
            assert_eq!(Sampler::parse(name, argument), Ok(sampler), "{name}");
        }
        for (name, argument) in
            [("xray", None), ("traceidratio", Some("2")), ("traceidratio", Some("x"))]
        {
            assert!(Sampler::parse(name, argument).is_err(), "{name}");
        }
    }
}
