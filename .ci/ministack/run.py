#!/usr/bin/env python3
"""From an empty account to imported employees, told administrators, a sealed trail and restored tables, with the functions as processes of `ministack`: `run.py [TARGET_DIR]`.

Every request is an invocation with the event that API Gateway would send, and nothing is put into a table by hand. Two things are done to tables from outside, each at the
end of what it belongs to: an event is taken out of the trail, and items out of a restored table, because a look that finds everything whole could be one that finds nothing.
"""
import base64
import contextlib
import csv
import datetime
import hashlib
import hmac
import json
import struct
import sys
import time
import urllib.parse
import urllib.request

import cloud as clouds
from gateway import Gateway

FUNCTIONS = [
    "operator-setup", "sessions", "passwords", "me", "contracts", "accounts", "employees", "imports", "api-clients", "drop-credentials", "csv-import", "mail-delivery",
    "announcements", "notice-fan-out", "incidents", "reminders", "log-requests", "log-writer", "audit-archive", "audit-digest", "canary", "backup-drill",
]
DATA = clouds.ROOT / "tests" / "data"
SETTLED = {"checked", "rejected", "applied", "applied_with_conflicts", "failed"}
OPERATOR = {"login_id": "operator1", "name": "運営 太郎", "mail": "operator1@ailes-plus.example"}
ADMINISTRATOR = {"login_id": "admin", "name": "港 花子", "mail": "admin@minato.example"}
PASSWORD = "Tsukimi-2026-Susuki"
TABLES = ["records", "names", "audit"]
JST = datetime.timezone(datetime.timedelta(hours=9))


def code_at(secret, step):
    """A one-time password (RFC 6238: SHA-1, six digits)."""
    digest = hmac.digest(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", step), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Person:
    """Somebody with an account: asks, and remembers what signing in takes."""

    def __init__(self, api, tenant_code, login_id, password):
        self.api, self.tenant_code, self.login_id, self.password = api, tenant_code, login_id, password
        self.token, self.secret, self.step, self.etag = None, None, 0, None

    def ask(self, method, path, body=None, query=None, expect=200, version=None):
        """What the API answers. A body that is text is a form; `version` is what the person has read of what is to be changed."""
        headers = {"Content-Type": "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"If-Match": version} if version else {}
        answer = self.api.ask(method, path, headers, query, body if body is None or isinstance(body, str) else json.dumps(body))
        if answer["statusCode"] != expect:
            raise AssertionError(f"{method} {path} answers {answer['statusCode']}, not {expect}: {answer.get('body')}")
        told = {name.lower(): values[-1] for name, values in (answer.get("multiValueHeaders") or {}).items()} | {name.lower(): value for name, value in (answer.get("headers") or {}).items()}
        self.etag = told.get("etag")
        text = answer.get("body")
        return json.loads(text) if text and "json" in told.get("content-type", "") else text

    def otp(self):
        """A code that was not used before; the service takes the one of the next half minute, too."""
        def next_step():
            now = int(time.time()) // 30
            step = max(now, self.step + 1)
            return step if step <= now + 1 else None
        self.step = clouds.until("a fresh one-time password", 40, next_step)
        return code_at(self.secret, self.step)

    def sign_in(self):
        self.token = None
        body = {"login_id": self.login_id, "password": self.password} | ({"tenant_code": self.tenant_code} if self.tenant_code else {})
        if not self.secret:
            tokens = self.ask("POST", "/v1/sessions", body, expect=201)
        else:
            challenge = self.ask("POST", "/v1/sessions", body, expect=202)["challenge_token"]
            tokens = self.ask("POST", "/v1/sessions/otp", {"challenge_token": challenge, "code": self.otp()}, expect=201)
        self.token = tokens["access_token"]

    def settle_in(self):
        """What a new account goes through: its own password, and a second factor."""
        self.sign_in()
        self.ask("PUT", "/v1/me/password", {"current_password": self.password, "new_password": PASSWORD})
        self.password = PASSWORD
        self.sign_in()
        self.secret = self.ask("POST", "/v1/me/otp", expect=201)["secret"]
        self.ask("PUT", "/v1/me/otp", {"code": self.otp()})
        self.sign_in()

    def import_file(self, kind, file, rows):
        """Imports a file by the address that starting an import answers with."""
        started = self.ask("POST", "/v1/imports", {"kind": kind, "file_name": f"{kind}.csv"}, expect=201)
        upload = urllib.request.Request(started["upload"]["url"], file, {"Content-Type": "text/csv"}, method=started["upload"]["method"])
        urllib.request.urlopen(upload, timeout=10).close()

        def settled():
            found = self.ask("GET", f"/v1/imports/{started['id']}")
            return found if found["state"] in SETTLED else None

        applied(clouds.until(f"the import of {kind} ends", 60, settled), rows)


def applied(found, rows):
    """Every row of the file is applied, and none is anything else."""
    same(found["state"], "applied", f"state of {found}")
    same({name: count for name, count in found["rows"].items() if count}, {"read": rows, "applied": rows}, "rows")


def same(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}: {found!r}, not {expected!r}")


class Steps:
    """Counts steps; the first that fails is the last, because each needs the one before."""

    cloud = None
    passed = failed = 0

    @contextlib.contextmanager
    def __call__(self, what, job=None):
        """A step; `job` is what works for it without being invoked."""
        started = time.monotonic()
        try:
            yield
        except Exception as error:
            self.failed += 1
            print(f"FAILED {what}: {error}")
            for name in filter(None, (self.cloud.asked, job)):
                print(f"  the end of what {name} logged:\n{self.cloud.logs(name)}")
            raise SystemExit(1) from error
        self.passed += 1
        print(f"ok {what} ({time.monotonic() - started:.1f} s)", flush=True)


def flow(cloud, api, step):
    with step("the first operator is made"):
        made = cloud.invoke("operator-setup", {"networks": ["127.0.0.0/8"], "operators": [OPERATOR]})
        same([operator["login_id"] for operator in made["operators"]], [OPERATOR["login_id"]], "operators")
    with step("the operator settles in"):
        operator = Person(api, None, OPERATOR["login_id"], made["operators"][0]["initial_password"])
        operator.settle_in()
    with step("the operator makes a contract"):
        body = {
            "tenant_code": "minato", "name": "みなと精機株式会社", "services": [{"service": "checkup"}],
            "administrator": ADMINISTRATOR, "drop_kinds": ["departments", "employees"],
        }
        contract = operator.ask("POST", "/v1/contracts", body, expect=201)
    with step("its administrator settles in"):
        administrator = Person(api, "minato", ADMINISTRATOR["login_id"], contract["administrator"]["initial_password"])
        administrator.settle_in()
    with step("an announcement is published, and an incident told"):
        told = notices(operator, administrator, contract["contract"]["tenant_id"])
    with step("logs are asked for and released"):
        request = ask_for_logs(operator, administrator, contract["contract"]["tenant_id"])
    with step("departments are imported", "csv-import"):
        file = (DATA / "departments.csv").read_bytes()
        administrator.import_file("departments", file, len(file.splitlines()) - 1)
    heading, *lines = (DATA / "employees.sjis.csv").read_bytes().splitlines(keepends=True)
    sent, dropped = lines[:49], lines[49:99]
    with step("employees are imported from Shift_JIS", "csv-import"):
        administrator.import_file("employees", heading + b"".join(sent), len(sent))
    with step("a program is let in and gets a token"):
        made = administrator.ask("POST", "/v1/api-clients", {"name": "勤怠システム連携", "drop_kinds": ["employees"]}, expect=201)
        program = Person(api, None, None, None)
        form = {"grant_type": "client_credentials", "client_id": made["client"]["oauth_client_id"], "client_secret": made["client_secret"]}
        program.token = program.ask("POST", "/v1/oauth/token", urllib.parse.urlencode(form))["access_token"]
    with step("employees of a file that the program drops are imported", "csv-import"):
        issued = program.ask("POST", "/v1/drop-credentials")
        s3 = cloud.client("s3", issued)
        s3.put_object(Bucket=issued["bucket"], Key=f"{issued['prefixes'][0]}x.csv", Body=heading + b"".join(dropped))

        def settled():
            found = administrator.ask("GET", "/v1/imports", query={"kind": "employees"})["items"]
            return next((item for item in found if item["way"] == "drop" and item["state"] in SETTLED), None)

        applied(clouds.until("the import of the dropped file ends", 60, settled), len(dropped))
    with step("the employees are read back, page by page"):
        found, query = {}, {"limit": "30"}
        while query:
            page = administrator.ask("GET", "/v1/employees", query=query)
            found |= {employee["employee_number"]: employee["name"] for employee in page["items"]}
            query = page["next_cursor"] and {"limit": "30", "cursor": page["next_cursor"]}
        rows = csv.reader(line.decode("cp932") for line in sent + dropped)
        # A name is kept with a wide space, whichever it came with.
        expected = {number: name.replace(" ", "\u3000") for number, name, *_ in rows}
        same(sorted(found.items() ^ expected.items()), [], "employees that differ from the files")
    with step("what was published and released reaches the outbox", "notice-fan-out"):
        invoked(cloud, "notice-fan-out", "notice-fan-out-sweep")
        same(invoked(cloud, "log-writer")["done"], 1, "files of logs")
        same(administrator.ask("GET", f"/v1/tenant/audit-requests/{request}")["state"], "ready", "state of the request for logs")
        same(invoked(cloud, "reminders", "reminders-hourly")["failed"], 0, "reminders that failed")
    with step("mails left by the outbox's stream, each once", "mail-delivery"):
        clouds.until("every mail is sent", 30, lambda: all(mails(cloud, *mail) for mail in told))
        for mail in told:
            same(mails(cloud, *mail), 1, f"mails of {mail}")
    with step("the canary signs in and reads"):
        look(cloud, api, administrator)
    with step("the trail is copied by its stream, and whole; an event that is taken out is named", "audit-archive"):
        trail(cloud)
    with step("tables are backed up, restored and opened", "backup-drill"):
        drill(cloud)


def invoked(cloud, name, example=None):
    """What a function answers to its example."""
    return cloud.invoke(name, json.loads((clouds.ROOT / "events" / f"{example or name}.json").read_text()))


def notices(operator, administrator, tenant):
    """Tells a company twice; answers which mails that makes, by address and subject."""
    title = "定期メンテナンスのお知らせ"
    body = {"kind": "maintenance", "title": title, "body": "12月12日 1時00分から3時00分まで、サービスを停止します。", "tenants": [tenant]}
    path = "/v1/announcements/" + operator.ask("POST", "/v1/announcements", body, expect=201)["id"]
    same(administrator.ask("GET", "/v1/announcements")["items"], [], "announcements that nobody published")
    operator.ask("GET", path)
    operator.ask("POST", f"{path}/publish", {}, version=operator.etag)
    same([one["title"] for one in administrator.ask("GET", "/v1/announcements")["items"]], [title], "announcements")
    now = datetime.datetime.now(JST).isoformat(timespec="milliseconds")
    happened = "外部からの不正なアクセスについて"
    body = {
        "kind": "breach", "title": happened, "occurred_at": now, "detected_at": now, "facts": "不正なアクセスを検知し、遮断しました。",
        "affected_tenants": [tenant], "report_grounds": ["malicious"],
    }
    path = "/v1/incidents/" + operator.ask("POST", "/v1/incidents", body, expect=201)["id"]
    operator.ask("POST", f"{path}/messages", {"stage": "first", "title": happened, "body": "影響の範囲を調査しています。"}, expect=201, version=operator.etag)
    changed = "パスワードが変更されました"
    return [(OPERATOR["mail"], changed), (ADMINISTRATOR["mail"], changed), (ADMINISTRATOR["mail"], title), (ADMINISTRATOR["mail"], happened), (ADMINISTRATOR["mail"], "ご依頼のログ")]


def ask_for_logs(operator, administrator, tenant):
    """A company asks for its lines of yesterday, an operator releases them; answers the request's id."""
    yesterday = (datetime.datetime.now(JST) - datetime.timedelta(days=1)).date().isoformat()
    body = {"since": yesterday, "until": yesterday, "reason": "退職者のアカウントの利用状況を社内で調査するため"}
    request = administrator.ask("POST", "/v1/tenant/audit-requests", body, expect=201)["id"]
    path = f"/v1/log-requests/{tenant}/{request}"
    operator.ask("GET", path)
    operator.ask("POST", f"{path}/release", version=operator.etag, expect=202)
    return request


def mails(cloud, to, subject):
    """How many mails to an address have a subject with these words."""
    with urllib.request.urlopen(f"{cloud.url}/_ministack/ses/messages", timeout=10) as answer:
        sent = [mail for mails in json.load(answer)["messages"].values() for mail in mails]
    return sum(to in mail["To"] and subject in mail["Subject"] for mail in sent)


def look(cloud, api, administrator):
    """Makes the canary's account, which nobody but the canary has, and lets it look."""
    login_id, password = clouds.CANARY["CanaryLoginId"], clouds.CANARY["CanaryPassword"]
    body = {"login_id": login_id, "name": "監視 太郎", "initial_password": PASSWORD}
    administrator.ask("POST", "/v1/accounts", body, expect=201)
    same(invoked(cloud, "canary")["reason"], "sign_in_refused", "what a canary with a wrong password finds")
    account = Person(api, "minato", login_id, PASSWORD)
    account.sign_in()
    account.ask("PUT", "/v1/me/password", {"current_password": PASSWORD, "new_password": password})
    found = invoked(cloud, "canary")
    same((found["up"], found["reason"]), (True, None), "what the canary finds")


def trail(cloud):
    """Verifies the trail of today; takes one event out of it and verifies again."""
    invoked(cloud, "audit-digest")
    bucket = cloud.outputs["Files"]["TrailBucketName"]

    def verified():
        days = [(datetime.datetime.now(JST) - datetime.timedelta(days=ago)).date().isoformat() for ago in (1, 0)]
        return cloud.invoke("audit-digest", {"verify": {"from": days[0], "to": days[1]}})

    def copied():
        found = verified()
        return found if not any(day["not_copied_yet"] for day in found["days"]) else None

    whole = clouds.until("every event has a copy", 60, copied)
    same((whole["intact"], whole["first_break"]), (True, None), "the trail")
    pages = cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="events/")
    same(sum(len(page.get("Contents", [])) for page in pages), sum(day["events"] for day in whole["days"]), "copies of events")
    dynamodb, table = cloud.client("dynamodb"), cloud.outputs["Data"]["AuditTableName"]
    event = dynamodb.scan(TableName=table, Limit=1)["Items"][0]
    dynamodb.delete_item(TableName=table, Key={name: event[name] for name in ("pk", "sk")})
    found = verified()["first_break"]
    same((found["kind"], event["sk"]["S"].endswith(found["event"])), ("removed", True), f"what is found of {event['sk']}")


def drill(cloud):
    """Backs tables up and restores them twice, from the backup and to a point in time; the drill opens both. A copy of which much is missing is not sound."""
    dynamodb = cloud.client("dynamodb")
    restored = {"backup": [f"awsbackup-restore-test-{table}" for table in TABLES], "time": [f"{cloud.prefix}-restored-{table}" for table in TABLES]}
    for table, from_backup, to_time in zip(TABLES, restored["backup"], restored["time"]):
        source = f"{cloud.prefix}-{table}"
        backup = dynamodb.create_backup(TableName=source, BackupName="by-hand")["BackupDetails"]["BackupArn"]
        dynamodb.restore_table_from_backup(TargetTableName=from_backup, BackupArn=backup)
        dynamodb.restore_table_to_point_in_time(SourceTableName=source, TargetTableName=to_time, UseLatestRestorableTime=True)
    for name in restored["backup"] + restored["time"]:
        dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    opened = {"records": {"attributes", "credentials", "contracts", "notices"}, "names": {"names"}, "audit": {"audit"}}
    for how, names in restored.items():
        found = cloud.invoke("backup-drill", {"restored": names})
        same(found["sound"], True, f"what is restored by {how}: {found}")
        same([table["table"] for table in found["tables"]], TABLES, "the tables that they turn out to be")
        for table in found["tables"]:
            missing = opened[table["table"]] - table["opened"].keys()
            same((missing, table["unreadable"], table["closed"]), (set(), {}, 0), f"what does not open of {table}")
    # As AWS Backup tells it, by the example with another table.
    event = json.loads((clouds.ROOT / "events" / "backup-drill.json").read_text())
    arn = event["detail"]["createdResourceArn"]
    event["detail"]["createdResourceArn"] = arn.rsplit("/", 1)[0] + "/" + restored["backup"][2]
    same(cloud.invoke("backup-drill", event)["sound"], True, "what AWS Backup restores")
    items = dynamodb.scan(TableName=restored["backup"][2], ProjectionExpression="pk, sk")["Items"]
    for item in items[:len(items) // 3]:
        dynamodb.delete_item(TableName=restored["backup"][2], Key=item)
    same(cloud.invoke("backup-drill", event)["sound"], False, "a table of which a third is missing")


def main():
    target = sys.argv[1] if len(sys.argv) > 1 else str(clouds.ROOT / "target")
    step = Steps()
    try:
        binaries = clouds.build(target)
        with clouds.Cloud() as cloud:
            step.cloud, api = cloud, Gateway(cloud)
            with step("the templates are deployed"):
                cloud.deploy(FUNCTIONS, binaries, api.listen())
                # As docs/deploying.md says: the domain that mails come from is an identity of SES before there is a deployment.
                cloud.client("sesv2").create_email_identity(EmailIdentity=clouds.settings()["MailDomain"])
            flow(cloud, api, step)
    except BaseException:
        # Whatever it was, it is not a success: not even before the first step.
        step.failed = step.failed or 1
        raise
    finally:
        print(f"{step.passed} passed, {step.failed} failed")


if __name__ == "__main__":
    main()
