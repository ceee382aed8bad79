//! Decimal dollars into whole pico-dollars and back, digit by digit.
//!
//! A pico-dollar is 10⁻¹² US dollars. Nano-dollars are too coarse: a cached token of a small model
//! costs 82.5 of them. Prices are read from their digits; a float never touches one.

/// A text that is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPrice {
    /// Something else than digits and one point.
    #[error("is not an amount of dollars such as 2.50")]
    NotDecimal,
    /// More digits than a pico-dollar has.
    #[error("has more than six decimals: dollars per million tokens are told to the micro-dollar")]
    TooFine,
    /// More than anybody asks.
    #[error("is more than ten thousand dollars a token")]
    TooLarge,
}

/// Ten thousand dollars.
const MOST: u64 = 10_000_000_000_000_000;

/// Pico-dollars per token from US dollars per million tokens, exactly.
///
/// # Errors
/// Where the text is no decimal number, or one that pico-dollars cannot say.
pub fn per_million(dollars: &str) -> Result<u64, BadPrice> {
    let (whole, decimals) = parts(dollars)?;
    if decimals.trim_end_matches('0').len() > 6 {
        return Err(BadPrice::TooFine);
    }
    scaled(whole, decimals, 6).map(|(pico, _)| pico)
}

/// Pico-dollars per token from US dollars per token, rounded where there is less than one.
///
/// # Errors
/// Where the text is no decimal number.
pub fn per_token(dollars: &str) -> Result<u64, BadPrice> {
    let (whole, decimals) = parts(dollars)?;
    let (pico, rest) = scaled(whole, decimals, 12)?;
    Ok(pico + u64::from(rest >= b'5'))
}

/// US dollars per million tokens, as people read prices: `2.5`.
#[must_use]
pub fn shown_per_million(pico: u64) -> String {
    let (whole, rest) = (pico / 1_000_000, pico % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn parts(text: &str) -> Result<(&str, &str), BadPrice> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return Err(BadPrice::NotDecimal);
    }
    Ok((whole, decimals))
}

/// The number times ten to the `places`, and the first digit beyond.
fn scaled(whole: &str, decimals: &str, places: usize) -> Result<(u64, u8), BadPrice> {
    let kept = decimals.bytes().chain(std::iter::repeat(b'0')).take(places);
    let mut amount = 0_u64;
    for digit in whole.bytes().chain(kept) {
        amount = amount.checked_mul(10).ok_or(BadPrice::TooLarge)?;
        amount = amount.checked_add(u64::from(digit - b'0')).ok_or(BadPrice::TooLarge)?;
    }
    if amount > MOST {
        return Err(BadPrice::TooLarge);
    }
    Ok((amount, decimals.as_bytes().get(places).copied().unwrap_or(b'0')))
}

#[cfg(test)]
mod tests;
