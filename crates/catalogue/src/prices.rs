//! What tokens cost, and what a usage comes to: whole pico-dollars, checked.
//!
//! A price is a list of rates, each for one kind of token, perhaps for one service tier, perhaps from
//! one size of prompt on, perhaps for the hours in which the vendor is cheap. What is not on the list
//! is not free: the cost of a usage that needs it is `None`.

use tollgate_core_types::Usage;
use tollgate_core_types::usage::ServiceTier;

/// What a token is, to the vendor's bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Of the prompt, neither read from nor written to a cache.
    Input,
    /// Of the answer.
    Output,
    /// Read from the prompt cache.
    CacheRead,
    /// Written to the prompt cache, for minutes.
    CacheWrite,
    /// Written to the prompt cache, for an hour.
    CacheWriteHour,
    /// Of sound in the prompt.
    InputAudio,
    /// Of sound in the answer.
    OutputAudio,
    /// Of reasoning, where that has a rate of its own.
    Reasoning,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Input,
        Self::Output,
        Self::CacheRead,
        Self::CacheWrite,
        Self::CacheWriteHour,
        Self::InputAudio,
        Self::OutputAudio,
        Self::Reasoning,
    ];

    /// The name in the data.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Input => "in",
            Self::Output => "out",
            Self::CacheRead => "cr",
            Self::CacheWrite => "cw",
            Self::CacheWriteHour => "cwh",
            Self::InputAudio => "ain",
            Self::OutputAudio => "aout",
            Self::Reasoning => "think",
        }
    }

    /// The name in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::CacheWriteHour => "cache_write_1h",
            Self::InputAudio => "input_audio",
            Self::OutputAudio => "output_audio",
            Self::Reasoning => "reasoning",
        }
    }
}

/// Under which terms a token is billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// The usual ones.
    Standard,
    /// Later, for less.
    Batch,
    /// When there is room, for less.
    Flex,
    /// Before others, for more.
    Priority,
    /// Faster, for more.
    Fast,
    /// The usual ones, in the vendor's quiet hours.
    OffPeak,
}

impl Tier {
    /// Every tier.
    pub const ALL: [Self; 6] =
        [Self::Standard, Self::Batch, Self::Flex, Self::Priority, Self::Fast, Self::OffPeak];

    /// The name in the data and in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Fast => "fast",
            Self::OffPeak => "off_peak",
        }
    }
}

/// Where a request is served, as far as that changes its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Region {
    /// Wherever the vendor likes.
    Anywhere,
    /// In the United States alone.
    Us,
    /// In the European Union alone.
    Eu,
    /// In one region of a cloud.
    Regional,
}

impl Region {
    /// Every region with a price of its own.
    pub const ALL: [Self; 3] = [Self::Us, Self::Eu, Self::Regional];

    /// The name in the data.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::Us => "us",
            Self::Eu => "eu",
            Self::Regional => "regional",
        }
    }
}

/// One rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// For which tokens.
    pub kind: Kind,
    /// Under which terms.
    pub tier: Tier,
    /// For requests with more input tokens than this; 0 for all.
    pub above: u64,
    /// Pico-dollars per token.
    pub pico: u64,
}

/// Hours of the week in which a vendor is cheap, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First day, Monday is 1.
    pub first: u8,
    /// Last day, Sunday is 7.
    pub last: u8,
    /// Minute of the day at which it begins.
    pub from: u16,
    /// Minute of the day at which it is over, at most 1440.
    pub to: u16,
}

/// What beside the usage decides its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// Where it was served.
    pub region: Region,
    /// When, in minutes of the week in UTC; Monday's first is 0.
    pub minute_of_week: u16,
}

impl Circumstances {
    /// Minutes of a day.
    const DAY: u64 = 24 * 60;

    /// At a time given in seconds since 1970 began, on a Thursday.
    #[must_use]
    pub fn at(region: Region, unix_seconds: u64) -> Self {
        let minute = (unix_seconds / 60).saturating_add(3 * Self::DAY) % (7 * Self::DAY);
        Self { region, minute_of_week: u16::try_from(minute).unwrap_or(0) }
    }
}

impl Default for Circumstances {
    fn default() -> Self {
        Self { region: Region::Anywhere, minute_of_week: 0 }
    }
}

/// What a model's tokens cost. Empty: not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// The rates, in the order of their kinds, tiers and bounds.
    pub rates: Vec<Rate>,
    /// Factors by region, per mille.
    pub regions: Vec<(Region, u64)>,
    /// When [`Tier::OffPeak`] holds.
    pub windows: Vec<Window>,
    /// A factor on everything, per mille: a contract's discount, a currency. `None` is 1000.
    pub factor: Option<u64>,
}

impl Prices {
    /// Whether no rate is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.rates.is_empty()
    }

    /// What `usage` comes to, in pico-dollars; `None` where a count or a rate that it takes is not
    /// known.
    ///
    /// The bound of a rate is looked up with all input tokens, and holds for the whole request.
    /// Cached and written tokens without a rate are billed as any input, reasoning and sound without
    /// one as any output or input. A service tier without rates is not known.
    #[must_use]
    pub fn cost(&self, usage: &Usage, circumstances: Circumstances) -> Option<u64> {
        let size = usage.input_tokens?;
        let tier = self.tier(usage, circumstances.minute_of_week)?;
        let look = Look { prices: self, tier, size };
        let sum = look.input(usage, size)?.checked_add(look.output(usage)?)?;
        let region = self.regions.iter().find(|(region, _)| *region == circumstances.region);
        let sum = scaled(sum, region.map_or(1000, |(_, factor)| *factor))?;
        u64::try_from(scaled(sum, self.factor.unwrap_or(1000))?).ok()
    }

    /// What a kind of token costs in requests of `size` input tokens.
    #[must_use]
    pub fn rate(&self, kind: Kind, tier: Tier, size: u64) -> Option<u64> {
        let holds = |rate: &&Rate| {
            rate.kind == kind && rate.tier == tier && (rate.above == 0 || size > rate.above)
        };
        self.rates.iter().filter(holds).max_by_key(|rate| rate.above).map(|rate| rate.pico)
    }

    /// The terms of a usage; `None` where they are not known.
    fn tier(&self, usage: &Usage, minute_of_week: u16) -> Option<Tier> {
        let tier = match usage.detail.tier {
            None | Some(ServiceTier::Standard) if self.is_off_peak(minute_of_week) => Tier::OffPeak,
            None | Some(ServiceTier::Standard) => Tier::Standard,
            Some(ServiceTier::Batch) => Tier::Batch,
            Some(ServiceTier::Flex) => Tier::Flex,
            Some(ServiceTier::Priority) => Tier::Priority,
            Some(ServiceTier::Fast) => Tier::Fast,
            Some(ServiceTier::Other) => return None,
        };
        self.rates.iter().any(|rate| rate.tier == tier).then_some(tier)
    }

    fn is_off_peak(&self, minute_of_week: u16) -> bool {
        let day = minute_of_week / 1440 + 1;
        let minute = minute_of_week % 1440;
        self.windows.iter().any(|window| {
            (u16::from(window.first)..=u16::from(window.last)).contains(&day)
                && (window.from..window.to).contains(&minute)
        })
    }
}

/// A factor per mille, rounded to the nearest.
fn scaled(sum: u128, per_mille: u64) -> Option<u128> {
    if per_mille == 1000 {
        return Some(sum);
    }
    Some(sum.checked_mul(u128::from(per_mille))?.checked_add(500)? / 1000)
}

/// The rates of one usage.
struct Look<'a> {
    prices: &'a Prices,
    tier: Tier,
    size: u64,
}

impl Look<'_> {
    fn input(&self, usage: &Usage, size: u64) -> Option<u128> {
        let read = usage.cache_read_tokens.unwrap_or(0);
        let written = usage.cache_write_tokens.unwrap_or(0);
        let hour = usage.detail.cache_write_hour_tokens.unwrap_or(0).min(written);
        let fresh = size.saturating_sub(read).saturating_sub(written);
        let audio = usage.detail.input_audio_tokens.unwrap_or(0).min(fresh);
        // A list with a rate for minutes and none for hours does not say that hours cost as little.
        let for_an_hour = match (self.rate(Kind::CacheWriteHour), self.rate(Kind::CacheWrite)) {
            (Some(rate), _) => Some(rate),
            (None, None) => self.rate(Kind::Input),
            (None, Some(_)) => None,
        };
        let parts = [
            (fresh - audio, self.rate(Kind::Input)),
            (audio, self.rate(Kind::InputAudio).or_else(|| self.rate(Kind::Input))),
            (read, self.rate(Kind::CacheRead).or_else(|| self.rate(Kind::Input))),
            (written - hour, self.rate(Kind::CacheWrite).or_else(|| self.rate(Kind::Input))),
            (hour, for_an_hour),
        ];
        sum(&parts)
    }

    fn output(&self, usage: &Usage) -> Option<u128> {
        let rate = self.rate(Kind::Output);
        let Some(output) = usage.output_tokens else {
            // Vectors are no tokens, and their models have no rate for them or none that counts.
            return rate.is_none_or(|rate| rate == 0).then_some(0);
        };
        let audio = usage.detail.output_audio_tokens.unwrap_or(0).min(output);
        let reasoning = usage.reasoning_tokens.unwrap_or(0).min(output - audio);
        let parts = [
            (output - audio - reasoning, rate),
            (audio, self.rate(Kind::OutputAudio).or(rate)),
            (reasoning, self.rate(Kind::Reasoning).or(rate)),
        ];
        sum(&parts)
    }

    /// The rate under these terms; a kind that the terms do not name costs what it always does.
    fn rate(&self, kind: Kind) -> Option<u64> {
        let rate = self.prices.rate(kind, self.tier, self.size);
        rate.or_else(|| self.prices.rate(kind, Tier::Standard, self.size))
    }
}

fn sum(parts: &[(u64, Option<u64>)]) -> Option<u128> {
    parts.iter().try_fold(0_u128, |sum, (tokens, rate)| match tokens {
        0 => Some(sum),
        _ => sum.checked_add(u128::from(*tokens).checked_mul(u128::from((*rate)?))?),
    })
}

#[cfg(test)]
mod tests;
