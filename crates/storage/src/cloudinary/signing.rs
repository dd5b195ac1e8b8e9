//! Cloudinary's two signatures. Both are its own schemes on SHA-1
//! (<https://cloudinary.com/documentation/signatures>), and both keep the secret here.

use std::fmt::Write;

use sha1::{Digest, Sha1};

/// Signature of a call: the parameters in the order of their names, as `name=value` with `&` between them, then the
/// secret; 40 hexadecimal digits.
pub(super) fn of_call(parameters: &[(&str, &str)], secret: &str) -> String {
    let mut sorted = parameters.to_vec();
    sorted.sort_unstable();
    let said: Vec<String> = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = String::new();
    for byte in Sha1::digest(format!("{}{secret}", said.join("&"))) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Signature within an address: the first 8 characters of the URL-safe base64 of the digest of the public id and the
/// secret.
pub(super) fn of_address(public_id: &str, secret: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let digest = Sha1::digest(format!("{public_id}{secret}"));
    // Eight characters are exactly the first six bytes.
    let bits = digest.iter().take(6).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..8).rev().map(|place| char::from(ALPHABET[(bits >> (6 * place) & 63) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_signed_as_the_manual_shows() {
        let parameters = [
            ("timestamp", "1315060510"),
            ("public_id", "sample_image"),
            ("eager", "w_400,h_300,c_pad|w_260,h_200,c_crop"),
        ];
        assert_eq!(of_call(&parameters, "abcd"), "bfd09f95f331f558cbd1320e67aa8d488770583e");
    }

    #[test]
    fn an_address_is_signed_with_the_head_of_the_digest() {
        assert_eq!(of_address("sample14", "abcd"), "-T4F_ota");
    }
}
