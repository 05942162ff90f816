//! Numbers as people type them into cells: `12`, `-0.5`, `1/4`, `*2`, `+0.1`, `3+4*2`. Thread: gui. Pure.

/// Longest text of a cell, in characters.
pub const TEXT_MAX: usize = 50;

/// Work out `text`. `present` is the value a leading operator works on; `None` reads a leading `-` or `+` as a sign.
///
/// Signs `+ - * /` with their usual order, no brackets. `None` when it is not a number.
pub fn evaluate(text: &str, present: Option<f64>) -> Option<f64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let text = match (text.chars().next()?, present) {
        ('*' | '/' | '+' | '-', Some(present)) => format!("{present}{text}"),
        _ => text,
    };
    let mut reader = Reader { left: &text };
    let value = reader.sum()?;
    (reader.left.is_empty() && value.is_finite()).then_some(value)
}

struct Reader<'a> {
    left: &'a str,
}

impl Reader<'_> {
    fn sign(&mut self, signs: &[char]) -> Option<char> {
        let sign = self.left.chars().next().filter(|c| signs.contains(c))?;
        self.left = &self.left[1..];
        Some(sign)
    }

    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        while let Some(sign) = self.sign(&['+', '-']) {
            let right = self.product()?;
            value = if sign == '+' { value + right } else { value - right };
        }
        Some(value)
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.number()?;
        while let Some(sign) = self.sign(&['*', '/']) {
            let right = self.number()?;
            value = if sign == '*' { value * right } else { value / right };
        }
        Some(value)
    }

    fn number(&mut self) -> Option<f64> {
        let negative = self.sign(&['-', '+']) == Some('-');
        let end = self.left.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.left.len());
        let (digits, left) = self.left.split_at(end);
        self.left = left;
        let value: f64 = digits.parse().ok()?;
        Some(if negative { -value } else { value })
    }
}

/// Read `A:B`, `A/B` or `A` (every time it is `A` of `A`), both from 1 to 16, A not above B.
pub fn ratio(text: &str) -> Result<(u8, u8), String> {
    let wrong = || format!("a ratio is A:B with A from 1 to B and B up to 16, got \"{text}\"");
    let part = |text: &str| text.trim().parse::<u8>().ok().filter(|n| (1..=16).contains(n));
    let (a, b) = text.split_once([':', '/']).unwrap_or((text, text));
    match (part(a), part(b)) {
        (Some(a), Some(b)) if a <= b => Ok((a, b)),
        _ => Err(wrong()),
    }
}

/// Steps per beat as people read it: `4`, `1/2`, `-1/8`, `1.37`.
pub fn fraction(value: f64) -> String {
    let turned = 1.0 / value;
    if value.fract() != 0.0 && (turned - turned.round()).abs() < 1e-9 {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}1/{}", turned.abs().round())
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_sign_works_on_the_present_value_only_when_there_is_one() {
        assert_eq!(evaluate("*2", Some(0.75)), Some(1.5));
        assert_eq!(evaluate("+0.25", Some(0.5)), Some(0.75));
        assert_eq!(evaluate("-1", Some(3.0)), Some(2.0));
        assert_eq!(evaluate("/4", Some(-2.0)), Some(-0.5));
        assert_eq!(evaluate("-1", None), Some(-1.0));
        assert_eq!(evaluate("*2", None), None);
    }

    #[test]
    fn products_come_before_sums_and_nonsense_is_no_number() {
        assert_eq!(evaluate("1+2*3-4/2", None), Some(5.0));
        assert_eq!(evaluate("1/4", None), Some(0.25));
        assert_eq!(evaluate(".5", None), Some(0.5));
        for bad in ["", "x", "1+", "1/0", "1..2", "2 3x", "ä"] {
            assert_eq!(evaluate(bad, None), None, "{bad}");
        }
    }

    #[test]
    fn ratios_are_read_in_three_forms_and_rates_shown_as_fractions() {
        assert_eq!(ratio("1:4"), Ok((1, 4)));
        assert_eq!(ratio("2/3"), Ok((2, 3)));
        assert_eq!(ratio("3"), Ok((3, 3)));
        for bad in ["", "4:1", "0:2", "1:17", "a:b"] {
            assert!(ratio(bad).unwrap_err().contains("A:B"), "{bad}");
        }
        assert_eq!([4.0, 0.5, -0.125, 1.5].map(fraction), ["4", "1/2", "-1/8", "1.5"]);
    }
}
