"""Checks that no package asyncline is built from needs a newer Rust than asyncline says it does."""

import json
import subprocess
import sys

metadata = json.loads(
    subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--locked"])
)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}


def version(text):
    return tuple(int(part) for part in (text + ".0.0").split(".")[:3])


# Follow what is linked in or builds it; what only the tests need may be newer.
seen, waiting = set(), list(metadata["workspace_members"])
while waiting:
    package = waiting.pop()
    if package not in seen:
        seen.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])

root = next(package for package in packages.values() if package["name"] == "asyncline")
ours = root["rust_version"]
newer = [
    f"{package['name']} {package['version']} needs Rust {package['rust_version']}"
    for package in (packages[id] for id in seen)
    if package["rust_version"] and version(package["rust_version"]) > version(ours)
]
if newer:
    sys.exit(f"asyncline says Rust {ours}, but " + "; ".join(sorted(newer)))
print(f"all {len(seen)} packages are content with Rust {ours}")
