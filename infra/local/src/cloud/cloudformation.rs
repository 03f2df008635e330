//! Reads `CloudFormation` templates, and creates the tables of one: the same file that is deployed says which keys,
//! indexes, streams and expiry the local tables have.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use serde_yaml_ng as yaml;

use crate::Error;

/// One table, as the calls that create it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// `records`: the template's name without its prefix parameter.
    pub name: String,
    /// The body of `CreateTable`.
    pub create: Value,
    /// The attribute that holds the time of expiry, when the table has one.
    pub ttl_attribute: Option<String>,
    /// Whether changes are streamed.
    pub streamed: bool,
}

/// Properties of `AWS::DynamoDB::Table` that `CreateTable` takes and that mean something locally.
const CREATE: [&str; 5] =
    ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "BillingMode"];

/// A template as JSON, its short tags written out.
pub fn parse(template: &str) -> Result<Value, Error> {
    let broken = |what: String| Error::Config(format!("CloudFormation template: {what}"));
    let document = yaml::Value::deserialize(yaml::Deserializer::from_str(template));
    untag(document.map_err(|error| broken(error.to_string()))?).map_err(broken)
}

/// The tables of a template, in the order of their logical ids.
pub fn tables(template: &str) -> Result<Vec<Table>, Error> {
    let broken = |what: String| Error::Config(format!("CloudFormation template: {what}"));
    let document = parse(template)?;
    let resources = document["Resources"].as_object().ok_or_else(|| broken("no Resources".into()))?;
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::DynamoDB::Table")
        .map(|(id, resource)| table(&resource["Properties"]).map_err(|what| broken(format!("{id}: {what}"))))
        .collect()
}

fn table(properties: &Value) -> Result<Table, String> {
    let name = properties["TableName"]["Fn::Sub"].as_str().or_else(|| properties["TableName"].as_str());
    let name = local_name(name.ok_or("no TableName")?);
    let mut create = Map::new();
    for property in CREATE {
        if let Some(value) = properties.get(property) {
            create.insert(property.to_owned(), value.clone());
        }
    }
    create.insert("TableName".to_owned(), json!(name));
    let view = properties["StreamSpecification"]["StreamViewType"].as_str();
    if let Some(view) = view {
        create.insert("StreamSpecification".to_owned(), json!({ "StreamEnabled": true, "StreamViewType": view }));
    }
    let ttl = &properties["TimeToLiveSpecification"];
    let ttl_attribute = (ttl["Enabled"] == true).then(|| ttl["AttributeName"].as_str().map(str::to_owned)).flatten();
    Ok(Table { name, create: Value::Object(create), ttl_attribute, streamed: view.is_some() })
}

/// `${Prefix}-records` → `records`.
fn local_name(name: &str) -> String {
    let mut rest = name;
    while let Some(end) = rest.strip_prefix("${").and_then(|inner| inner.find('}')) {
        rest = rest[end + 3..].trim_start_matches('-');
    }
    rest.to_owned()
}

/// Short tags become what they are short for: `!Sub x` is `{"Fn::Sub": x}`, `!Ref x` is `{"Ref": x}`.
fn untag(value: yaml::Value) -> Result<Value, String> {
    Ok(match value {
        yaml::Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let function = match tag.trim_start_matches('!') {
                "Ref" => "Ref".to_owned(),
                "Condition" => "Condition".to_owned(),
                other => format!("Fn::{other}"),
            };
            json!({ function: untag(tagged.value)? })
        }
        yaml::Value::Mapping(mapping) => {
            let entries = mapping.into_iter().map(|(key, value)| {
                let key = match key {
                    yaml::Value::String(key) => key,
                    other => yaml::to_string(&other).map_err(|e| e.to_string())?.trim().to_owned(),
                };
                Ok((key, untag(value)?))
            });
            Value::Object(entries.collect::<Result<_, String>>()?)
        }
        yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(untag).collect::<Result<_, _>>()?),
        other => serde_json::to_value(other).map_err(|error| error.to_string())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployed_template_describes_the_four_tables() {
        let tables = tables(crate::cloud::DATA_TEMPLATE).unwrap();
        let mut names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["audit", "keys", "names", "records"], "infra/data.yaml should hold the four tables");
        for table in &tables {
            assert_eq!(table.ttl_attribute.as_deref(), Some("expires_at"), "{} should expire items", table.name);
            assert_eq!(table.streamed, ["audit", "records"].contains(&table.name.as_str()), "{}", table.name);
        }
        let records = tables.iter().find(|table| table.name == "records").unwrap();
        assert_eq!(records.create["GlobalSecondaryIndexes"][0]["IndexName"], "gsi1");
    }

    #[test]
    fn a_name_loses_its_parameters() {
        assert_eq!(local_name("${Prefix}-records"), "records");
        assert_eq!(local_name("${Prefix}-${Stage}-audit"), "audit");
        assert_eq!(local_name("plain"), "plain");
    }
}
