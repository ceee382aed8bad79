//! Every slip at every byte: what fingers and disks do to a file, each of it everywhere.

/// What stands in the place of something else.
const SLIPS: &[u8] = b" \n\t:#{}[],'\"-&*!|>%@`$\\0a~=\0\xff\xc3";

/// Loses the rest, loses a byte, changes one and adds one, at every byte of `input`.
///
/// # Errors
/// The first that `give` returns.
pub(super) fn slips<E>(
    input: &[u8],
    give: &mut impl FnMut(Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    for at in 0..input.len() {
        let (before, after) = input.split_at(at);
        let rest = after.get(1..).unwrap_or_default();
        let slip = [SLIPS.get(at % SLIPS.len()).copied().unwrap_or_default()];
        give(before.to_vec())?;
        give([before, rest].concat())?;
        give([before, &slip, rest].concat())?;
        give([before, &slip, after].concat())?;
    }
    Ok(())
}
