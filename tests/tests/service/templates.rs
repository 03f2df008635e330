//! What the deployed templates say, read as `infra/local` reads them. Every file of `infra/` is looked at, so that
//! a new one is held to the same.

use std::collections::{BTreeMap, BTreeSet};

use local::cloud::cloudformation::parse;
use serde_json::Value;

const INFRA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra");
const RUNBOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/runbooks");

/// Every template, by its file's name.
fn templates() -> BTreeMap<String, Value> {
    let files = std::fs::read_dir(INFRA).unwrap().map(|entry| entry.unwrap().path());
    let templates = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let read = templates.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let template = parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, template)
    });
    read.collect()
}

/// Every resource of a kind: `file.yaml LogicalId` and the resource.
fn resources(kind: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (file, template) in templates() {
        for (name, resource) in template["Resources"].as_object().into_iter().flatten() {
            // A loop holds one resource under a name with a variable in it.
            let looped = resource.as_array().and_then(|parts| parts.get(2)).and_then(Value::as_object);
            let inner = looped.into_iter().flatten().chain([(name, resource)]);
            found.extend(
                inner.filter(|(_, one)| one["Type"] == kind).map(|(name, one)| (format!("{file} {name}"), one.clone())),
            );
        }
    }
    assert!(!found.is_empty(), "there should be a {kind} in infra/");
    found
}

/// The text that stands in a `Ref`, a `Sub`, a `GetAtt`, or by itself.
fn text(value: &Value) -> &str {
    value.as_str().or_else(|| value.as_object()?.values().next()?.as_str()).unwrap_or_default()
}

/// The statements of a policy.
fn statements(document: &Value) -> Vec<Value> {
    document["Statement"].as_array().cloned().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map_or_else(|| vec![text(value)], |all| all.iter().map(text).collect())
}

#[test]
fn r12_every_template_refuses_every_other_region() {
    for (file, template) in templates() {
        let rule = &template["Rules"]["Tokyo"]["Assertions"][0]["Assert"];
        assert_eq!(
            rule["Fn::Equals"],
            serde_json::json!([{ "Ref": "AWS::Region" }, "ap-northeast-1"]),
            "{file} should have the rule `Tokyo`"
        );
    }
    let settings = std::fs::read_to_string(format!("{INFRA}/../samconfig.toml")).unwrap();
    let regions: Vec<_> = settings.lines().filter(|line| line.starts_with("region")).collect();
    assert!(!regions.is_empty() && regions.iter().all(|line| line.contains("\"ap-northeast-1\"")), "{regions:?}");
}

#[test]
fn r12_nothing_is_copied_to_another_region() {
    for (file, template) in templates() {
        let text = template.to_string();
        for word in
            ["CopyActions", "ReplicationConfiguration", "AWS::DynamoDB::GlobalTable", "\"EDGE\"", "AWS::CloudFront"]
        {
            assert!(!text.contains(word), "{file}: {word} would take data out of Tokyo");
        }
    }
}

#[test]
fn r14_every_table_lies_under_a_key_of_ours_can_be_recovered_for_seven_days_and_refuses_to_be_deleted() {
    let mut keys = BTreeSet::new();
    for (name, table) in resources("AWS::DynamoDB::Table") {
        let properties = &table["Properties"];
        assert_eq!(properties["SSESpecification"]["SSEType"], "KMS", "{name}");
        assert!(
            keys.insert(text(&properties["SSESpecification"]["KMSMasterKeyId"]).to_owned()),
            "{name} needs a key of its own"
        );
        let recovery = &properties["PointInTimeRecoverySpecification"];
        assert_eq!(
            (&recovery["PointInTimeRecoveryEnabled"], &recovery["RecoveryPeriodInDays"]),
            (&true.into(), &7.into()),
            "{name}"
        );
        assert_eq!(properties["DeletionProtectionEnabled"], true, "{name}");
        assert_eq!(
            (&table["DeletionPolicy"], &table["UpdateReplacePolicy"]),
            (&"Retain".into(), &"Retain".into()),
            "{name}"
        );
    }
}

#[test]
fn r14_every_key_is_rotated_stays_and_waits_thirty_days_for_its_deletion() {
    for (name, key) in resources("AWS::KMS::Key") {
        let properties = &key["Properties"];
        assert_eq!(properties["EnableKeyRotation"], true, "{name}");
        assert_eq!(properties["PendingWindowInDays"], 30, "{name}");
        assert_eq!(
            (&key["DeletionPolicy"], &key["UpdateReplacePolicy"]),
            (&"Retain".into(), &"Retain".into()),
            "{name}"
        );
        for statement in statements(&properties["KeyPolicy"]) {
            let service = !statement["Principal"]["Service"].is_null();
            assert!(
                !service || statement["Condition"].is_object(),
                "{name}: a service uses a key for this account alone"
            );
        }
    }
}

#[test]
fn r15_callers_need_tls_1_2_at_the_domain_and_at_the_stages_own_address() {
    for kind in ["AWS::Serverless::Api", "AWS::ApiGateway::DomainName"] {
        for (name, api) in resources(kind) {
            let policy = api["Properties"]["SecurityPolicy"].as_str().unwrap_or_default();
            assert!(["TLS_1_2", "SecurityPolicy_TLS13_1_2_2021_06"].contains(&policy), "{name}: {policy}");
        }
    }
    for (name, api) in resources("AWS::Serverless::Api") {
        let closed = &api["Properties"]["DisableExecuteApiEndpoint"]["Fn::If"];
        assert_eq!(
            closed,
            &serde_json::json!(["HasDomain", true, false]),
            "{name}: with a domain the stage's own address is closed"
        );
    }
}

#[test]
fn r14_r15_every_bucket_keeps_versions_encrypts_is_shut_to_the_public_and_speaks_tls_1_2_alone() {
    let policies = resources("AWS::S3::BucketPolicy");
    for (name, bucket) in resources("AWS::S3::Bucket") {
        let properties = &bucket["Properties"];
        assert_eq!(properties["VersioningConfiguration"]["Status"], "Enabled", "{name}");
        let rule =
            &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"];
        assert_eq!(rule["SSEAlgorithm"], "aws:kms", "{name}");
        assert!(!text(&rule["KMSMasterKeyID"]).is_empty(), "{name} should lie under a key of ours");
        let public = properties["PublicAccessBlockConfiguration"].as_object().unwrap();
        assert!(public.len() == 4 && public.values().all(|blocked| blocked == true), "{name}: {public:?}");
        // What is locked stays for its time; everything else goes some day, also where a purge forgot it.
        let locked = properties["ObjectLockEnabled"] == true;
        assert!(locked || properties["LifecycleConfiguration"]["Rules"].is_array(), "{name} should forget some day");
        assert_eq!(bucket["DeletionPolicy"], "Retain", "{name}");
        let id = name.split(' ').nth(1).unwrap();
        let policy = policies.iter().find(|(_, policy)| text(&policy["Properties"]["Bucket"]) == id);
        let (_, policy) = policy.unwrap_or_else(|| panic!("{name} has no policy"));
        let statements = statements(&policy["Properties"]["PolicyDocument"]);
        let denies = |condition: &str| {
            let found = statements.iter().find(|one| one["Condition"].pointer(condition).is_some());
            let found = found.unwrap_or_else(|| panic!("{name}: nothing denies by {condition}"));
            assert_eq!(
                (&found["Effect"], &found["Principal"], &found["Action"]),
                (&"Deny".into(), &"*".into(), &"s3:*".into()),
                "{name}"
            );
            assert_eq!(found["Resource"].as_array().map(Vec::len), Some(2), "{name}: the bucket and what is in it");
        };
        denies("/Bool/aws:SecureTransport");
        denies("/NumericLessThan/s3:TlsVersion");
    }
}

#[test]
fn r15_queues_and_topics_speak_tls_alone_and_lie_under_a_key_of_ours() {
    for (name, queue) in resources("AWS::SQS::Queue").into_iter().chain(resources("AWS::SNS::Topic")) {
        let key = ["KmsMasterKeyId"].map(|property| text(&queue["Properties"][property]).to_owned());
        assert!(!key[0].is_empty(), "{name} should lie under a key of ours");
    }
    let policies = resources("AWS::SQS::QueuePolicy").into_iter().chain(resources("AWS::SNS::TopicPolicy"));
    let mut covered = BTreeSet::new();
    for (name, policy) in policies {
        let properties = &policy["Properties"];
        let tls = statements(&properties["PolicyDocument"])
            .iter()
            .any(|one| one["Effect"] == "Deny" && one.pointer("/Condition/Bool/aws:SecureTransport").is_some());
        assert!(tls, "{name} should refuse what comes without TLS");
        covered.extend(texts(&properties["Queues"]).into_iter().chain(texts(&properties["Topics"])).map(str::to_owned));
    }
    for (name, _) in resources("AWS::SQS::Queue").into_iter().chain(resources("AWS::SNS::Topic")) {
        assert!(covered.contains(name.split(' ').nth(1).unwrap()), "{name} has no policy");
    }
    for (name, set) in resources("AWS::SES::ConfigurationSet") {
        assert_eq!(set["Properties"]["DeliveryOptions"]["TlsPolicy"], "REQUIRE", "{name}");
    }
}

#[test]
fn r16_snapshots_are_taken_at_one_in_the_morning_in_japan_and_seven_of_them_are_kept() {
    for (name, plan) in resources("AWS::Backup::BackupPlan") {
        let rule = &plan["Properties"]["BackupPlan"]["BackupPlanRule"][0];
        assert_eq!(rule["ScheduleExpression"], "cron(0 1 * * ? *)", "{name}");
        assert_eq!(rule["ScheduleExpressionTimezone"], "Asia/Tokyo", "{name}");
        assert_eq!(rule["Lifecycle"]["DeleteAfterDays"], 7, "{name}");
    }
    for (name, vault) in resources("AWS::Backup::BackupVault") {
        let lock = &vault["Properties"]["LockConfiguration"];
        assert_eq!(
            (&lock["MinRetentionDays"], &lock["MaxRetentionDays"]),
            (&7.into(), &7.into()),
            "{name}: no generation goes earlier or stays longer"
        );
        assert!(!text(&vault["Properties"]["EncryptionKeyArn"]).is_empty(), "{name}");
    }
    for (name, selection) in resources("AWS::Backup::BackupSelection") {
        let selected = texts(&selection["Properties"]["BackupSelection"]["Resources"]);
        assert_eq!(
            selected,
            ["RecordsTableArn", "NamesTableArn", "AuditTableArn"],
            "{name}: a snapshot of wrapped keys would undo a shredding"
        );
    }
    for (name, tested) in resources("AWS::Backup::RestoreTestingSelection") {
        let tested = texts(&tested["Properties"]["ProtectedResourceArns"]);
        assert_eq!(tested.len(), 1, "{name}");
    }
}

#[test]
fn r21_r22_every_log_group_is_kept_for_400_days_under_a_key_and_outlives_its_stack() {
    for (name, group) in resources("AWS::Logs::LogGroup") {
        let properties = &group["Properties"];
        assert_eq!(properties["RetentionInDays"], 400, "{name}");
        assert!(!text(&properties["KmsKeyId"]).is_empty(), "{name} should lie under a key of ours");
        assert_eq!(
            (&group["DeletionPolicy"], &group["UpdateReplacePolicy"]),
            (&"Retain".into(), &"Retain".into()),
            "{name}"
        );
    }
}

#[test]
fn r22_every_function_logs_json_into_a_group_of_its_own_and_is_not_traced() {
    let groups: BTreeMap<String, String> = resources("AWS::Logs::LogGroup")
        .into_iter()
        .map(|(name, group)| (name, text(&group["Properties"]["LogGroupName"]).to_owned()))
        .collect();
    let mut taken = BTreeSet::new();
    for (name, function) in resources("AWS::Serverless::Function") {
        let (file, id) = name.split_once(' ').unwrap();
        let logging = &function["Properties"]["LoggingConfig"];
        assert_eq!(logging["LogFormat"], "JSON", "{name}");
        let group = text(&logging["LogGroup"]);
        let called = text(&function["Properties"]["FunctionName"]);
        assert_eq!(groups.get(&format!("{file} {group}")), Some(&format!("/aws/lambda/{called}")), "{name}");
        assert!(taken.insert(group.to_owned()), "{name}: the group is its own");
        assert_eq!(text(&function["Properties"]["Role"]), format!("{id}Role.Arn"), "{name}: the role is its own");
    }
    for (file, template) in templates().iter().filter(|(file, _)| file.starts_with("functions-")) {
        assert_eq!(
            template["Globals"]["Function"]["Tracing"], "Disabled",
            "{file}: segments would hold ids and addresses"
        );
    }
}

#[test]
fn r22_every_role_of_a_function_carries_the_guard() {
    for (file, template) in templates().iter().filter(|(file, _)| file.starts_with("functions-")) {
        for (id, resource) in template["Resources"].as_object().unwrap() {
            let is_role = resource["Type"] == "AWS::IAM::Role";
            // A scheduler's role invokes one function and runs none.
            if is_role && !matches!(id.as_str(), "SchedulesRole" | "CanaryScheduleRole") {
                let attached = texts(&resource["Properties"]["ManagedPolicyArns"]);
                assert!(attached.contains(&"GuardPolicyArn"), "{file} {id}: logs stay, the trail is append-only");
            }
        }
    }
}

#[test]
fn r23_every_functions_errors_are_counted_and_every_dead_queue_is_watched() {
    let alarms = templates().remove("alarms.yaml").expect("infra/alarms.yaml");
    let listed = |which: &str| -> BTreeSet<String> {
        texts(&alarms["Resources"][format!("Fn::ForEach::{which}")][1]).into_iter().map(str::to_owned).collect()
    };
    let suffix = |kind: &str, property: &str| -> BTreeSet<String> {
        let all = resources(kind).into_iter();
        all.map(|(_, one)| text(&one["Properties"][property]).trim_start_matches("${Prefix}-").to_owned()).collect()
    };
    assert_eq!(
        listed("Errors"),
        suffix("AWS::Serverless::Function", "FunctionName"),
        "infra/alarms.yaml should list every function"
    );
    let dead: BTreeSet<String> =
        suffix("AWS::SQS::Queue", "QueueName").into_iter().filter(|name| name.ends_with("-dead")).collect();
    assert_eq!(listed("DeadLetters"), dead, "infra/alarms.yaml should list every queue of dead letters");
    assert_eq!(
        listed("Tables"),
        suffix("AWS::DynamoDB::Table", "TableName"),
        "infra/alarms.yaml should list every table"
    );
}

#[test]
fn r16_r17_r22_r23_what_the_clock_wakes_is_missed_when_it_does_not_run() {
    let templates = templates();
    let alarms = &templates["alarms.yaml"]["Resources"];
    let functions: BTreeMap<String, String> = resources("AWS::Serverless::Function")
        .into_iter()
        .map(|(name, one)| {
            let called = text(&one["Properties"]["FunctionName"]).trim_start_matches("${Prefix}-").to_owned();
            (name.split(' ').nth(1).unwrap().to_owned(), called)
        })
        .collect();
    let mut woken = BTreeSet::from(["backup-drill".to_owned()]);
    for (name, schedule) in resources("AWS::Scheduler::Schedule") {
        let target = text(&schedule["Properties"]["Target"]["Arn"]).trim_end_matches(".Arn").to_owned();
        woken.insert(functions.get(&target).unwrap_or_else(|| panic!("{name} wakes nobody: {target}")).clone());
    }
    let mut watched = BTreeSet::new();
    for which in ["Daily", "Hourly"] {
        let looped = &alarms[format!("Fn::ForEach::{which}")];
        let (_, alarm) = looped[2].as_object().unwrap().iter().next().unwrap();
        assert_eq!(alarm["Properties"]["TreatMissingData"], "breaching", "{which}: silence is what it is for");
        watched.extend(texts(&looped[1]).into_iter().map(str::to_owned));
    }
    for (alarm, function) in
        [("CanaryAlarm", "canary"), ("MissedDrill", "backup-drill"), ("MissedReminders", "reminders")]
    {
        assert_eq!(alarms[alarm]["Properties"]["TreatMissingData"], "breaching", "{alarm}: silence is what it is for");
        assert!(alarms[alarm]["Properties"]["Dimensions"].to_string().contains(function), "{alarm}");
        watched.insert(function.to_owned());
    }
    assert_eq!(watched, woken, "infra/alarms.yaml should tell of each function that the clock wakes, and of no other");
}

#[test]
fn r22_r23_a_trail_that_is_not_what_was_written_rings() {
    let alarms = templates().remove("alarms.yaml").expect("infra/alarms.yaml");
    let looped = &alarms["Resources"]["Fn::ForEach::Trail"];
    assert_eq!(texts(&looped[1]), ["audit-archive", "audit-digest"], "both look, each at another time");
    assert_eq!(looped[2]["Tampered&{Function}"]["Properties"]["MetricName"], "tampered");
}

#[test]
fn r23_every_alarm_tells_the_topic_and_says_where_a_runbook_is() {
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        assert!(texts(&properties["AlarmActions"]).contains(&"Topic"), "{name} should tell somebody");
        assert!(properties["TreatMissingData"].is_string(), "{name} should say what silence means");
        let says = text(&properties["AlarmDescription"]);
        let (_, link) =
            says.split_once("${RunbooksUrl}/").unwrap_or_else(|| panic!("{name} links to no runbook: {says}"));
        is_there(&name, link);
    }
    for (name, rule) in resources("AWS::Events::Rule") {
        let template = text(&rule["Properties"]["Targets"][0]["InputTransformer"]["InputTemplate"]);
        if let Some((_, link)) = template.split_once("${RunbooksUrl}/") {
            is_there(&name, link.trim().trim_end_matches('"'));
        }
    }
}

/// `incident.md#dead-letters` is a page with such a heading.
fn is_there(name: &str, link: &str) {
    let (page, anchor) = link.split_once('#').unwrap_or_else(|| panic!("{name}: {link} should name a heading"));
    let text = std::fs::read_to_string(format!("{RUNBOOKS}/{page}"))
        .unwrap_or_else(|_| panic!("{name}: docs/runbooks/{page} is not there"));
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    let mut anchors = headings.map(|heading| {
        heading
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
            .collect::<String>()
            .replace(' ', "-")
    });
    assert!(anchors.any(|found| found == anchor), "{name}: docs/runbooks/{page} has no heading for #{anchor}");
}

#[test]
fn r25_every_route_is_throttled_and_sign_in_more_than_others() {
    for (name, api) in resources("AWS::Serverless::Api") {
        let settings = api["Properties"]["MethodSettings"].as_array().unwrap();
        let all = settings.iter().find(|setting| setting["ResourcePath"] == "/*").expect("a setting for every route");
        assert_eq!(text(&all["ThrottlingRateLimit"]), "RequestsPerSecond", "{name}");
        for route in ["/~1v1~1sessions", "/~1v1~1sessions~1otp", "/~1v1~1oauth~1token"] {
            let setting = settings.iter().find(|setting| setting["ResourcePath"] == route);
            assert_eq!(
                setting.map(|setting| text(&setting["ThrottlingRateLimit"])),
                Some("SignInsPerSecond"),
                "{name} {route}"
            );
        }
    }
}

#[test]
fn r25_what_the_gateway_refuses_is_a_problem_with_the_headers_of_every_answer() {
    let gateway: Value = serde_json::from_str(local::documents::GATEWAY).unwrap();
    let responses = gateway["x-amazon-apigateway-gateway-responses"].as_object().unwrap();
    for name in
        ["THROTTLED", "WAF_FILTERED", "REQUEST_TOO_LARGE", "DEFAULT_4XX", "DEFAULT_5XX", "MISSING_AUTHENTICATION_TOKEN"]
    {
        let response = &responses[name];
        let header = |header: &str| response["responseParameters"][format!("gatewayresponse.header.{header}")].as_str();
        assert_eq!(header("content-type"), Some("'application/problem+json'"), "{name}");
        for security in
            ["strict-transport-security", "x-content-type-options", "content-security-policy", "cache-control"]
        {
            assert!(header(security).is_some(), "{name} should carry {security}");
        }
    }
    assert_eq!(responses["THROTTLED"]["statusCode"], 429);
}

#[test]
fn r26_a_web_acl_stands_in_front_of_the_api() {
    let (name, acl) = resources("AWS::WAFv2::WebACL").remove(0);
    let rules = acl["Properties"]["Rules"].as_array().unwrap();
    let managed = |group: &str| {
        let statement = rules.iter().map(|rule| (rule, &rule["Statement"]["ManagedRuleGroupStatement"]));
        let (rule, statement) = statement
            .into_iter()
            .find(|(_, statement)| statement["Name"] == group)
            .unwrap_or_else(|| panic!("{name} has no {group}"));
        assert_eq!(rule["OverrideAction"], serde_json::json!({ "None": {} }), "{group} should block");
        statement.clone()
    };
    for group in
        ["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet"]
    {
        assert!(managed(group)["RuleActionOverrides"].is_null(), "{group} should block everything that it knows");
    }
    let common = managed("AWSManagedRulesCommonRuleSet");
    let counted = serde_json::json!([{ "Name": "SizeRestrictions_BODY", "ActionToUse": { "Count": {} } }]);
    assert_eq!(
        common["RuleActionOverrides"], counted,
        "bodies over 8 KB are no attack, and everything else of the group is"
    );
    let limit = |rule: &str| {
        let found = rules.iter().find(|one| one["Name"] == rule).unwrap_or_else(|| panic!("{name} has no rule {rule}"));
        text(&found["Statement"]["RateBasedStatement"]["Limit"]).to_owned()
    };
    assert_eq!(
        (limit("rate"), limit("sign-in-rate")),
        ("RequestsPerAddress".to_owned(), "SignInsPerAddress".to_owned())
    );
    let default = |parameter: &str| templates()["firewall.yaml"]["Parameters"][parameter]["Default"].as_u64().unwrap();
    assert!(default("SignInsPerAddress") < default("RequestsPerAddress"), "signing in is stricter");
    let (_, association) = resources("AWS::WAFv2::WebACLAssociation").remove(0);
    assert!(text(&association["Properties"]["ResourceArn"]).contains("/restapis/${ApiId}/stages/${StageName}"));
}

#[test]
fn r26_functions_are_called_by_this_apis_stage_alone() {
    for (name, permission) in resources("AWS::Lambda::Permission") {
        let properties = &permission["Properties"];
        assert!(
            !properties["SourceArn"].is_null() || !properties["SourceAccount"].is_null(),
            "{name} should say who may call"
        );
        if properties["Principal"] == "apigateway.amazonaws.com" {
            assert!(text(&properties["SourceArn"]).ends_with(":${Api}/live/*"), "{name}");
        }
    }
}

#[test]
fn r26_every_function_that_the_gateway_names_may_be_called_by_it() {
    let gateway: Value = serde_json::from_str(local::documents::GATEWAY).unwrap();
    let text = gateway.to_string();
    let named: BTreeSet<&str> =
        text.split("functions/${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(arn, _)| arn).collect();
    let permissions = resources("AWS::Lambda::Permission");
    let called = permissions.iter().filter(|(_, one)| one["Properties"]["Principal"] == "apigateway.amazonaws.com");
    let called: BTreeSet<&str> = called.map(|(_, one)| self::text(&one["Properties"]["FunctionName"])).collect();
    assert_eq!(called, named, "infra/api.yaml should have a permission for each function, or callers get 500");
}

#[test]
fn r15_r26_the_apis_own_policy_refuses_what_is_not_tls_and_every_stage_but_one() {
    for (name, api) in resources("AWS::Serverless::Api") {
        let statements = statements(&api["Properties"]["Policy"]);
        let denied = statements.iter().find(|one| one["Effect"] == "Deny").expect("a refusal");
        assert_eq!(denied["Condition"], serde_json::json!({ "Bool": { "aws:SecureTransport": "false" } }), "{name}");
        let over = (&denied["Principal"], &denied["Action"], &denied["Resource"]);
        assert_eq!(over, (&"*".into(), &"execute-api:Invoke".into(), &"execute-api:/*".into()), "{name}");
        let allowed: Vec<_> = statements.iter().filter(|one| one["Effect"] == "Allow").collect();
        assert_eq!(allowed.len(), 1, "{name}");
        assert_eq!(allowed[0]["Action"], "execute-api:Invoke", "{name}");
        let stage = text(&api["Properties"]["StageName"]);
        assert_eq!(allowed[0]["Resource"], format!("execute-api:/{stage}/*"), "{name}: no other stage is answered");
    }
}

#[test]
fn r26_aws_services_enter_roles_for_this_account_or_this_function_alone() {
    for (name, role) in resources("AWS::IAM::Role") {
        for statement in statements(&role["Properties"]["AssumeRolePolicyDocument"]) {
            let service = statement["Principal"]["Service"].as_str().unwrap_or_default();
            // A service that acts for many accounts is held to this one. Lambda and API Gateway enter a role only for whoever may pass it.
            if !["", "lambda.amazonaws.com", "apigateway.amazonaws.com"].contains(&service) {
                assert!(statement["Condition"].is_object(), "{name}: {service} may enter it for this account alone");
            }
        }
    }
}
