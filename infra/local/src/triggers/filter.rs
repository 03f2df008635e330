//! Event filter patterns (`FilterCriteria`), as far as templates use them: exact values, `prefix`, `suffix`,
//! `exists`, `anything-but`.

use serde_json::Value;

use crate::Error;

/// One or more patterns; an event passes when one of them matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Vec<Value>);

impl Filter {
    /// Patterns as the template writes them: each a JSON text.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let patterns = patterns.into_iter().map(|text| serde_json::from_str(text).map_err(Error::json));
        Ok(Self(patterns.collect::<Result<_, _>>()?))
    }

    /// Whether the event goes to the function.
    #[must_use]
    pub fn lets_through(&self, event: &Value) -> bool {
        self.0.iter().any(|pattern| matches(pattern, Some(event)))
    }
}

fn matches(pattern: &Value, event: Option<&Value>) -> bool {
    match pattern {
        Value::Object(fields) => {
            fields.iter().all(|(name, inner)| matches(inner, event.and_then(|event| event.get(name))))
        }
        Value::Array(choices) => choices.iter().any(|choice| match event {
            // A list matches when one of its elements does.
            Some(Value::Array(values)) => values.iter().any(|value| is(choice, Some(value))),
            other => is(choice, other),
        }),
        _ => false,
    }
}

fn is(choice: &Value, value: Option<&Value>) -> bool {
    let Some(rule) = choice.as_object() else { return value == Some(choice) };
    let text = value.and_then(Value::as_str);
    let said = |name: &str| rule.get(name).and_then(Value::as_str);
    if let Some(exists) = rule.get("exists") {
        return *exists == value.is_some();
    }
    if let Some(prefix) = said("prefix") {
        return text.is_some_and(|text| text.starts_with(prefix));
    }
    if let Some(suffix) = said("suffix") {
        return text.is_some_and(|text| text.ends_with(suffix));
    }
    match rule.get("anything-but") {
        Some(Value::Array(not)) => value.is_some_and(|value| !not.contains(value)),
        Some(Value::Object(_)) => value.is_some() && !is(&rule["anything-but"], value),
        Some(not) => value.is_some_and(|value| value != not),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_match_as_lambda_matches_them() {
        let filter = Filter::parse([
            r#"{"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"pk":{"S":[{"prefix":"T#a#OUTBOX"}]},"sent":[{"exists":false}]}}}"#,
        ])
        .unwrap();
        let event =
            |name: &str, pk: &str| json!({ "eventName": name, "dynamodb": { "NewImage": { "pk": { "S": pk } } } });
        assert!(filter.lets_through(&event("INSERT", "T#a#OUTBOX#1")));
        assert!(!filter.lets_through(&event("REMOVE", "T#a#OUTBOX#1")));
        assert!(!filter.lets_through(&event("INSERT", "T#a#EMPLOYEE#1")));
        let mut sent = event("INSERT", "T#a#OUTBOX#1");
        sent["dynamodb"]["NewImage"]["sent"] = json!({ "BOOL": true });
        assert!(!filter.lets_through(&sent));
    }
}
