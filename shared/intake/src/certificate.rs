//! The certificate that SNS signs with: its key, and whether it is valid.

use jiff::Timestamp;
use x509_parser::pem::parse_x509_pem;

use crate::outcome::Refusal;

/// The public key (SPKI, DER) of the first certificate of a PEM text.
///
/// AWS serves the leaf alone over https from its own host, and the URL was checked before it was fetched: that is what its
/// trust rests on, as in AWS's own libraries.
///
/// # Errors
/// It does not parse, or `now` is given and lies outside its validity.
pub(crate) fn public_key(pem: &[u8], now: Option<Timestamp>) -> Result<Vec<u8>, Refusal> {
    let (_, pem) = parse_x509_pem(pem).map_err(|_| Refusal::Certificate)?;
    let certificate = pem.parse_x509().map_err(|_| Refusal::Certificate)?;
    if let Some(now) = now {
        let validity = certificate.validity();
        let valid = validity.not_before.timestamp()..=validity.not_after.timestamp();
        if !valid.contains(&now.as_second()) {
            return Err(Refusal::Certificate);
        }
    }
    Ok(certificate.public_key().raw.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_valid_in_its_time_only() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2026, 12, 31);
        let pem = parameters.self_signed(&key).unwrap().pem();
        let at = |text: &str| Some(text.parse().unwrap());
        assert!(public_key(pem.as_bytes(), at("2026-06-01T00:00:00Z")).is_ok());
        assert!(public_key(pem.as_bytes(), None).is_ok());
        for outside in ["2025-12-31T00:00:00Z", "2027-01-01T00:00:00Z"] {
            assert_eq!(public_key(pem.as_bytes(), at(outside)), Err(Refusal::Certificate));
        }
        assert_eq!(public_key(b"-----BEGIN", None), Err(Refusal::Certificate));
    }
}
