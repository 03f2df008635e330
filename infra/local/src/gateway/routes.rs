//! The paths of `gateway.json`, and which of them a request means: a literal segment beats a parameter, a parameter
//! beats `{proxy+}`.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use serde_json::Value;

use super::decoded;
use super::event::Shape;
use crate::Error;

/// API Gateway waits this long for an integration.
const LONGEST_WAIT: Duration = Duration::from_secs(29);
const ANY: &str = "x-amazon-apigateway-any-method";

/// What a request's path and method mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// `/employees/{id}`.
    pub(super) resource: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) function: String,
    pub(super) timeout: Duration,
}

#[derive(Debug)]
struct Target {
    function: String,
    timeout: Duration,
}

/// A path segment and what lies under it.
#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<String, Node>,
    parameter: Option<(String, Box<Node>)>,
    greedy: Option<(String, Box<Node>)>,
    /// The document's path, when the document has one that ends here.
    resource: Option<String>,
    /// By upper-case method, or [`ANY`].
    methods: BTreeMap<String, Target>,
}

/// All paths.
#[derive(Debug, Default)]
pub(super) struct Routes {
    root: Node,
    functions: Vec<String>,
}

impl Routes {
    pub(super) fn read(document: &Value) -> Result<Self, Error> {
        let broken = |what: String| Error::Config(format!("gateway.json: {what}"));
        let paths = document["paths"].as_object().ok_or_else(|| broken("no paths".into()))?;
        let mut this = Self::default();
        for (path, item) in paths {
            let mut node = &mut this.root;
            for segment in segments(path) {
                node = node.child(segment);
            }
            node.resource = Some(path.clone());
            for (method, operation) in item.as_object().into_iter().flatten() {
                let integration = &operation["x-amazon-apigateway-integration"];
                if integration.is_null() {
                    continue;
                }
                let uri = integration["uri"]["Fn::Sub"].as_str().or_else(|| integration["uri"].as_str());
                let function = uri
                    .and_then(function_name)
                    .ok_or_else(|| broken(format!("{method} {path}: no function in the integration's uri")))?;
                let timeout = integration["timeoutInMillis"].as_u64().map_or(LONGEST_WAIT, Duration::from_millis);
                if !this.functions.contains(&function) {
                    this.functions.push(function.clone());
                }
                let method = if method == ANY { ANY.to_owned() } else { method.to_uppercase() };
                node.methods.insert(method, Target { function, timeout });
            }
        }
        Ok(this)
    }

    /// Every function that some path names.
    pub(super) fn functions(&self) -> impl Iterator<Item = &String> {
        self.functions.iter()
    }

    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Found> {
        let segments: Vec<&str> = segments(path).collect();
        let mut parameters = BTreeMap::new();
        let node = self.root.find(&segments, &mut parameters)?;
        let target = node.methods.get(method.as_str()).or_else(|| node.methods.get(ANY))?;
        Some(Found {
            resource: node.resource.clone()?,
            parameters,
            function: target.function.clone(),
            timeout: target.timeout,
        })
    }

    /// The document's path for a client's path, for counters.
    pub(super) fn pattern_of(&self, shape: &Shape, path: &str) -> String {
        let found = shape.resource_path(path).and_then(|path| {
            let segments: Vec<&str> = segments(path).collect();
            self.root.find(&segments, &mut BTreeMap::new())?.resource.clone()
        });
        found.unwrap_or_else(|| "unknown".to_owned())
    }
}

impl Node {
    fn child(&mut self, segment: &str) -> &mut Self {
        let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match inner {
            None => self.literals.entry(segment.to_owned()).or_default(),
            Some(name) => {
                let (slot, name) = match name.strip_suffix('+') {
                    Some(greedy) => (&mut self.greedy, greedy),
                    None => (&mut self.parameter, name),
                };
                &mut slot.get_or_insert_with(|| (name.to_owned(), Box::default())).1
            }
        }
    }

    fn find<'a>(&'a self, segments: &[&str], parameters: &mut BTreeMap<String, String>) -> Option<&'a Self> {
        let Some((first, rest)) = segments.split_first() else {
            return self.resource.is_some().then_some(self);
        };
        if let Some(found) = self.literals.get(*first).and_then(|literal| literal.find(rest, parameters)) {
            return Some(found);
        }
        if let Some((name, child)) = self.parameter.as_ref().filter(|_| !first.is_empty())
            && let Some(found) = child.find(rest, parameters)
        {
            parameters.insert(name.clone(), decoded(first));
            return Some(found);
        }
        let (name, child) = self.greedy.as_ref()?;
        parameters.insert(name.clone(), decoded(&segments.join("/")));
        Some(child)
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').filter(move |_| !path.is_empty())
}

/// The function in an integration's uri: `…/functions/${EmployeesArn}/invocations` (the parameter that a nested stack
/// hands on), `${Employees.Arn}`, an alias or a plain ARN.
fn function_name(uri: &str) -> Option<String> {
    let function = uri.split_once("/functions/")?.1.strip_suffix("/invocations")?;
    let name = match function.strip_prefix("${") {
        Some(reference) => {
            let reference = reference.split_once('}')?.0;
            reference.split_once('.').map(|(name, _)| name).or(reference.strip_suffix("Arn")).unwrap_or(reference)
        }
        None => function.rsplit_once(":function:").map_or(function, |(_, name)| name).split(':').next()?,
    };
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn routes() -> Routes {
        let to = |name: &str| {
            let uri = format!(
                "arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{name}.Arn}}/invocations"
            );
            json!({ "x-amazon-apigateway-integration": { "uri": { "Fn::Sub": uri } } })
        };
        let paths = json!({ "paths": {
            "/employees": { "get": to("Employees"), "post": to("Employees") },
            "/employees/{id}": { "get": to("Employees") },
            "/employees/{id}/checkups/{checkup}": { "get": to("Checkups") },
            "/employees/me": { "get": to("Me") },
            "/docs/{proxy+}": { "x-amazon-apigateway-any-method": to("Docs") },
        } });
        Routes::read(&paths).unwrap()
    }

    #[test]
    fn a_literal_beats_a_parameter_and_a_parameter_beats_the_rest() {
        let routes = routes();
        let find = |path: &str| routes.find(&Method::GET, path).map(|found| (found.function, found.parameters));
        assert_eq!(find("/employees/me").unwrap().0, "Me");
        let (function, parameters) = find("/employees/emp_1/checkups/chk%202").unwrap();
        assert_eq!(function, "Checkups");
        assert_eq!(parameters, BTreeMap::from([("id".into(), "emp_1".into()), ("checkup".into(), "chk 2".into())]));
        // The literal leads nowhere here: the parameter is taken instead.
        assert_eq!(find("/employees/me/checkups/c").unwrap().0, "Checkups");
        assert_eq!(find("/docs/a/b.js").unwrap().1["proxy"], "a/b.js");
        assert!(find("/docs").is_none(), "a greedy parameter wants at least one segment");
        assert!(find("/employees/").is_none(), "a trailing slash is another path");
    }

    #[test]
    fn a_method_that_a_path_does_not_have_is_unknown() {
        assert!(routes().find(&Method::DELETE, "/employees").is_none());
        assert!(routes().find(&Method::DELETE, "/docs/x").is_some());
    }
}
