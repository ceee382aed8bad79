//! A gzip body without compression: stored blocks are all that a test of encodings needs.

/// The encoder of one body.
#[derive(Debug, Default)]
pub(crate) struct Gzip {
    crc: Crc,
    length: u32,
}

impl Gzip {
    /// The header of the format.
    pub(crate) const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

    /// `bytes` as stored blocks that are not the last.
    pub(crate) fn blocks(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 16);
        for block in bytes.chunks(usize::from(u16::MAX)) {
            self.crc.update(block);
            let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
            self.length = self.length.wrapping_add(u32::from(length));
            out.push(0);
            out.extend(length.to_le_bytes());
            out.extend((!length).to_le_bytes());
            out.extend(block);
        }
        out
    }

    /// The last block, empty, and the trailer.
    pub(crate) fn end(&self) -> Vec<u8> {
        let mut out = vec![1, 0, 0, 0xff, 0xff];
        out.extend(self.crc.value().to_le_bytes());
        out.extend(self.length.to_le_bytes());
        out
    }
}

/// CRC-32 as gzip has it.
#[derive(Debug)]
struct Crc(u32);

impl Default for Crc {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc {
    fn update(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 ^= u32::from(*byte);
            for _ in 0..8 {
                // The polynomial of IEEE 802.3, bits reversed.
                self.0 = if self.0 & 1 == 1 { (self.0 >> 1) ^ 0xEDB8_8320 } else { self.0 >> 1 };
            }
        }
    }

    fn value(&self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_standard_one() {
        let mut crc = Crc::default();
        crc.update(b"123456789");
        assert_eq!(crc.value(), 0xCBF4_3926, "the check value of the standard");
    }
}
