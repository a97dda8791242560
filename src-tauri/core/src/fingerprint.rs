//! Names made of what something holds (FNV-1a): the same in every build, and no proof of
//! anything.

/// A name of 64 bits.
pub fn of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One of 32 bits, where there is little room.
pub fn short(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn they_are_those_of_the_algorithms_own_test_values() {
        assert_eq!(super::of(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(super::short(b"foobar"), 0xbf9c_f968);
    }
}
