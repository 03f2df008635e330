//! Codes that people type: 60 random bits in Crockford's base 32, in groups of four.

use zeroize::Zeroizing;

use crate::{Error, Store};

/// How many characters a code has: five bits each.
const CHARACTERS: usize = 12;
/// Crockford's base 32: no letter that is easily taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code as it is compared, however it was typed: in lower case, without hyphens, with an O for a zero.
pub(crate) fn as_typed(typed: &str) -> Zeroizing<String> {
    let read = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    };
    Zeroizing::new(typed.chars().filter(char::is_ascii_alphanumeric).map(read).collect())
}

impl Store {
    /// A new code, as it is shown.
    pub(crate) fn new_code(&self) -> Result<Zeroizing<String>, Error> {
        let random = Zeroizing::new(self.random::<CHARACTERS>()?);
        let letters = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Ok(letters.enumerate().fold(Zeroizing::new(String::with_capacity(14)), |mut code, (at, letter)| {
            if at > 0 && at % 4 == 0 {
                code.push('-');
            }
            code.push(letter);
            code
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        for typed in ["7KQ2-M9XD-4T0V", "7kq2m9xd4tov", " 7KQ2 M9XD 4TOV "] {
            assert_eq!(as_typed(typed).as_str(), "7KQ2M9XD4T0V");
        }
        assert_eq!(as_typed("lIi").as_str(), "111");
    }
}
