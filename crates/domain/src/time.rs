//! Times inside a medium, as people read them.

/// Milliseconds as `M:SS.mmm`, or `H:MM:SS.mmm` from one hour on.
pub fn timecode(ms: u64) -> String {
    let (hours, minutes, seconds, millis) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{millis:03}")
    } else {
        format!("{minutes}:{seconds:02}.{millis:03}")
    }
}

#[cfg(test)]
mod tests {
    use super::timecode;

    #[test]
    fn a_timecode_grows_an_hour_only_when_there_is_one() {
        assert_eq!(timecode(0), "0:00.000");
        assert_eq!(timecode(61_005), "1:01.005");
        assert_eq!(timecode(3_600_000), "1:00:00.000");
    }
}
