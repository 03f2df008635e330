#!/usr/bin/env python3
"""No dependency is a version that RustSec's advisories name (安全なウェブサイトの作り方, 10-(ii)): `advisories.py [DATABASE]`.

DATABASE is a clone of https://github.com/rustsec/advisory-db; without one it is fetched into target/. Where it cannot be fetched, nothing is checked and that is said;
with ADVISORIES=required, as before a deployment, it is a failure. `cargo deny check advisories` asks the same of the same database, for those who have it; this needs
nothing but Python and git. Each reason to pass one over stands in deny.toml, `advisories.ignore`.
"""
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "https://github.com/rustsec/advisory-db"
SECONDS = 60


def version(text):
    """A version that compares as semver has it; a pre-release comes before its release.

    >>> version("1.10.0") > version("1.9.9"), version("2.0.0-rc.1") < version("2.0.0"), version("1.2") == version("1.2.0+x")
    (True, True, True)
    """
    core, _, pre = text.split("+")[0].partition("-")
    numbers = [int(part) for part in core.split(".")]
    return (*numbers, *[0] * (3 - len(numbers)), not pre, pre)


def within(requirement, found):
    """Whether a version meets a requirement as Cargo has them.

    >>> [within(one, "0.3.7") for one in (">= 0.3.6", "^0.3.6", "0.3", "< 0.3.7", "= 0.3.7", "~0.3.8")]
    [True, True, True, False, True, False]
    >>> within(">= 0.2.1, < 0.3.0", "0.2.9"), within(">= 0.2.1, < 0.3.0", "0.3.0"), within("^1.2.3", "2.0.0"), within("*", "9.9.9")
    (True, False, False, True)
    """
    return all(meets(part.strip(), found) for part in requirement.split(","))


def meets(part, found):
    if part == "*":
        return True
    how, wanted = re.fullmatch(r"(>=|<=|>|<|=|\^|~)?\s*(\S+)", part).groups()
    low, is_at = version(wanted), version(found)
    if how in (">=", "<=", ">", "<", "="):
        return {">=": is_at >= low, "<=": is_at <= low, ">": is_at > low, "<": is_at < low, "=": is_at == low}[how]
    # `~1.2.3` holds the first two numbers, `^1.2.3` those up to the first that is not 0.
    numbers = [int(number) for number in wanted.split("-")[0].split(".")]
    held = min(2, len(numbers)) if how == "~" else next((at for at, number in enumerate(numbers) if number), len(numbers) - 1) + 1
    high = [*numbers[:held - 1], numbers[held - 1] + 1]
    return is_at >= low and list(is_at[:3]) < high + [0] * (3 - len(high))


def concerns(advisory, found):
    """Whether an advisory names a version.

    >>> concerns({"versions": {"patched": [">= 1.0.2"], "unaffected": ["< 0.9.0"]}}, "1.0.1"), concerns({"versions": {"patched": []}}, "1.0.1")
    (True, True)
    >>> concerns({"versions": {"patched": [">= 1.0.2"], "unaffected": ["< 0.9.0"]}}, "0.8.4"), concerns({"versions": {"patched": [">= 1.0.2"]}}, "1.0.2")
    (False, False)
    """
    versions = advisory.get("versions", {})
    return not any(within(one, found) for one in versions.get("patched", []) + versions.get("unaffected", []))


def git(*arguments):
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, timeout=SECONDS, env=os.environ | {"GIT_TERMINAL_PROMPT": "0"}).stdout


def fetched():
    """Where the database of today is, or why it is not here."""
    database = ROOT / "target" / "ci-advisories"
    try:
        if not database.exists():
            git("clone", "--quiet", "--bare", "--depth", "1", SOURCE, str(database))
        git("-C", str(database), "fetch", "--quiet", "--depth", "1", "origin", "+HEAD:refs/heads/today")
        return database, "today", None
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        return None, None, said[-1] if said else "git failed"


def main():
    database, branch, why = (sys.argv[1], "HEAD", None) if len(sys.argv) > 1 else fetched()
    if not database:
        print(f"NOT CHECKED: the advisory database could not be fetched ({why})")
        sys.exit("it is required here" if os.environ.get("ADVISORIES") == "required" else 0)
    with open(ROOT / "deny.toml", "rb") as file:
        ignored = {one["id"] if isinstance(one, dict) else one for one in tomllib.load(file)["advisories"].get("ignore", [])}
    with open(ROOT / "Cargo.lock", "rb") as file:
        packages = [package for package in tomllib.load(file)["package"] if package.get("source")]
    found, looked_at = [], 0
    for name in sorted({package["name"] for package in packages}):
        for path in git("-C", str(database), "ls-tree", "--name-only", branch, f"crates/{name}/").split():
            text = git("-C", str(database), "show", f"{branch}:{path}")
            advisory = tomllib.loads(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1])
            about, looked_at = advisory["advisory"], looked_at + 1
            if about.get("withdrawn") or about["id"] in ignored:
                continue
            versions = sorted({package["version"] for package in packages if package["name"] == name})
            kind = about.get("informational", "vulnerability")
            found += [f"{about['id']} {name} {one}: {kind}, {about.get('url', SOURCE)}" for one in versions if concerns(advisory, one)]
    day = git("-C", str(database), "log", "-1", "--format=%cs", branch).strip()
    if found:
        sys.exit(f"named by advisories of {day}:\n  " + "\n  ".join(found))
    print(f"{len(packages)} dependencies, {looked_at} advisories about them ({day}): none names a version that is used")


if __name__ == "__main__":
    main()
