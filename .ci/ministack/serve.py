"""ministack 1.5.33 with two gaps closed.

1. S3 answers a `Range` of an object's version with that range. ministack sends the whole version instead. `csv-import` reads its chunks that way: what was checked
   is what is applied. Without this it would read the wrong rows.
2. S3 tells of a new object who put it: the session of a role as `AWS:<the role's id>:<session name>`. ministack says `EXAMPLE`. `csv-import` takes files of programs' sessions alone.
"""
import contextvars
import re

from ministack.app import main
from ministack.services import s3, sts

get_object, put_object, fire_event = s3._get_object, s3._put_object, s3._fire_s3_event_async
# The session that puts the object, while it is being put.
putting = contextvars.ContextVar("putting", default={})


def get_range(bucket, key, headers, query=None):
    asked = headers.get("range", "")
    if not asked or not (query or {}).get("versionId"):
        return get_object(bucket, key, headers, query)
    # A checksum is one of the whole object, and not sent with a part.
    status, told, body = get_object(bucket, key, {name: value for name, value in headers.items() if name != "x-amz-checksum-mode"}, query)
    if status != 200:
        return status, told, body
    bounds = s3._parse_range(asked, len(body))
    if bounds is None:
        return s3._error("InvalidRange", "The requested range is not satisfiable", 416, f"/{bucket}/{key}")
    start, end = bounds
    part = body[start:end + 1]
    return 206, told | {"Content-Length": str(len(part)), "Content-Range": f"bytes {start}-{end}/{len(body)}"}, part


def put_by(bucket, key, body, headers, *rest, **named):
    asked = re.search(r"Credential=([A-Z0-9]+)/", headers.get("authorization", ""))
    before = putting.set(sts._sessions.get(asked[1], {}) if asked else {})
    try:
        return put_object(bucket, key, body, headers, *rest, **named)
    finally:
        putting.reset(before)


def fire_named(*told, **named):
    if user := putting.get().get("UserId"):
        named["record_extra"] = (named.get("record_extra") or {}) | {"userIdentity": {"principalId": f"AWS:{user}"}}
    return fire_event(*told, **named)


s3._get_object, s3._put_object, s3._fire_s3_event_async = get_range, put_by, fire_named

if __name__ == "__main__":
    main()
