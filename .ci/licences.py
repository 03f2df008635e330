"""Every dependency's licence is one of those that deny.toml allows. `cargo deny check` says the same and more (advisories) for those who have it."""
import json
import re
import subprocess
import sys
import tomllib

with open("deny.toml", "rb") as file:
    allowed = set(tomllib.load(file)["licenses"]["allow"])

metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--format-version", "1"]))
refused = []
for package in metadata["packages"]:
    if package["source"] is None:
        continue
    licence = package["license"] or ""
    # `A OR B` needs one, `A AND B` needs both; "A/B" is an old way to write OR.
    text = licence.replace("/", " OR ")
    text = re.sub(r"[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.-]+)?", lambda m: m[0] if m[0] in ("OR", "AND") else str(m[0] in allowed), text)
    text = text.replace("OR", "or").replace("AND", "and")
    if not licence or not eval(text, {}, {}):  # only True, False, and, or, and parentheses are left
        refused.append(f"{package['name']} {package['version']}: {licence or 'says none'}")
if refused:
    sys.exit("not an allowed licence:\n  " + "\n  ".join(refused))
print(f"{len(metadata['packages'])} packages, all with an allowed licence")
