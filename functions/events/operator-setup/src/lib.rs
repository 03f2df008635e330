//! `operator-setup`: makes a deployment's first operators (運営事業者), before there is anybody who could sign in and make them. Nobody's role decides on it:
//! only who may invoke it in the AWS account does, and a deployment needs it once (`docs/deploying.md`).
//!
//! It answers with initial passwords, each shown this once and good for nothing but its own change. Whatever is wrong with the request is told, and nothing
//! is done. It can be repeated: networks are replaced, operators who are there already are left as they are.

use authz::{AddressRules, Grant, Role, Scope};
use domain::{
    account::LoginId,
    checked::Refused,
    employee::{MailAddress, PersonName},
    ids::PLATFORM,
    organisation::OrganisationName,
};
use jobs::Invocation;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Conflict, Error, NewAccount, Setup, Store};

/// What the provider's own tenant is called.
const PLATFORM_NAME: &str = "運営事業者";

/// What the job works with.
#[derive(Debug, Clone)]
pub struct OperatorSetup {
    /// The data.
    pub store: Store,
}

/// What is to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// From where operators may work, as CIDR.
    networks: Vec<String>,
    operators: Vec<NewOperator>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOperator {
    login_id: String,
    name: String,
    mail: String,
}

/// What was made, or what is wrong.
#[derive(Debug, Default, Serialize)]
struct Answer {
    operators: Vec<Made>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Wrong>,
}

#[derive(Debug, Serialize)]
struct Made {
    login_id: String,
    /// Absent for somebody who was there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_password: Option<String>,
}

#[derive(Debug, Serialize)]
struct Wrong {
    pointer: String,
    code: &'static str,
    detail: &'static str,
}

/// A request that can be carried out.
struct Checked {
    name: OrganisationName,
    networks: AddressRules,
    operators: Vec<(LoginId, PersonName, MailAddress)>,
}

/// Handles an invocation.
pub async fn handle(job: &OperatorSetup, event: Value, invocation: Invocation) -> Result<Value, Error> {
    let answer = match checked(&serde_json::from_value(event)?) {
        Ok(checked) => set_up(&job.store, checked, &invocation).await?,
        Err(errors) => Answer { errors, ..Answer::default() },
    };
    tracing::info!(operators = answer.operators.len(), errors = answer.errors.len(), "operators");
    Ok(serde_json::to_value(answer)?)
}

async fn set_up(store: &Store, checked: Checked, invocation: &Invocation) -> Result<Answer, Error> {
    let permit = jobs::for_onboarding(&invocation.origin);
    store.set_up_platform(&permit, checked.name, checked.networks).await?;
    let mut answer = Answer::default();
    for (login_id, name, mail) in checked.operators {
        let password = store.generated_password()?;
        let new = NewAccount {
            login_id: login_id.clone(),
            name,
            mail: Some(mail),
            employee: None,
            grants: vec![Grant { role: Role::Operator, scope: Scope::Tenant }],
            personnel_authority: false,
            setup: Setup::Initial(password.clone()),
        };
        let prepared = store.set_up_account(&permit, PLATFORM, new).await?;
        let prepared = prepared.map_err(|refused| Error::Internal(format!("an operator was refused: {refused:?}")))?;
        let initial_password = match prepared.commit(store).await {
            Ok(_) => Some(password.as_str().to_owned()),
            Err(Error::Conflict(Conflict::LoginTaken)) => None,
            Err(error) => return Err(error),
        };
        answer.operators.push(Made { login_id: login_id.as_str().to_owned(), initial_password });
    }
    Ok(answer)
}

/// Reads a request, or tells everything that is wrong with it.
fn checked(request: &Request) -> Result<Checked, Vec<Wrong>> {
    let mut errors = Vec::new();
    let networks =
        AddressRules::parse(request.networks.iter().map(String::as_str)).ok().filter(|_| !request.networks.is_empty());
    if networks.is_none() {
        errors.push(Wrong {
            pointer: "/networks".to_owned(),
            code: "networks_invalid",
            detail: "運営事業者が接続するネットワークを CIDR 形式で1つ以上指定してください。",
        });
    }
    let mut operators = Vec::with_capacity(request.operators.len());
    for (index, operator) in request.operators.iter().enumerate() {
        let mut note = |field: &str, refused: Refused| {
            let pointer = format!("/operators/{index}/{field}");
            errors.push(Wrong { pointer, code: refused.code, detail: refused.detail });
        };
        let login_id = LoginId::parse(&operator.login_id).map_err(|refused| note("login_id", refused));
        let name = PersonName::parse(&operator.name).map_err(|refused| note("name", refused));
        let mail = MailAddress::parse(&operator.mail).map_err(|refused| note("mail", refused));
        if let (Ok(login_id), Ok(name), Ok(mail)) = (login_id, name, mail) {
            operators.push((login_id, name, mail));
        }
    }
    match (OrganisationName::parse(PLATFORM_NAME), networks) {
        (Ok(name), Some(networks)) if errors.is_empty() => Ok(Checked { name, networks, operators }),
        _ => Err(errors),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let request = json!({
            "networks": [],
            "operators": [{"login_id": "a b", "name": "", "mail": "x"}, {"login_id": "operator2", "name": "運営 次郎", "mail": "b@ailes-plus.example"}],
        });
        let errors = checked(&serde_json::from_value(request).unwrap()).err().unwrap();
        let pointers: Vec<_> = errors.iter().map(|wrong| wrong.pointer.as_str()).collect();
        assert_eq!(pointers, ["/networks", "/operators/0/login_id", "/operators/0/name", "/operators/0/mail"]);
    }

    #[test]
    fn r32_operators_without_networks_of_their_own_are_not_made() {
        let operators = json!([{"login_id": "operator1", "name": "運営 太郎", "mail": "a@ailes-plus.example"}]);
        let with = |networks: Value| {
            checked(&serde_json::from_value(json!({"networks": networks, "operators": operators})).unwrap()).is_ok()
        };
        assert!(with(json!(["203.0.113.0/24"])));
        assert!(!with(json!([])) && !with(json!(["everywhere"])));
    }
}
