#!/usr/bin/env python3
"""Makes instance_types.csv anew from the moto package on PyPI and says what differs. For maintainers.

    python3 src/catalog/data/regenerate.py            compares, writes nothing; exit code 1 where something differs
    python3 src/catalog/data/regenerate.py --write    replaces the table
    … --wheel FILE                                    a wheel that is there already
    … --against FILE.csv                              also names types whose first column it has and EC2's answer lacks

moto carries EC2's answer to DescribeInstanceTypes in moto/ec2/resources/instance_types.json.gz. Its version is pinned here,
and stands in README.md and source.rs, too: raise all three together.
"""

import argparse
import csv
import gzip
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

VERSION = "5.2.5"
TABLE = pathlib.Path(__file__).with_name("instance_types.csv")
INSIDE = "moto/ec2/resources/instance_types.json"
COLUMNS = ("type,arch,vcpus,memory_mib,gpus,gpu_vendor,gpu_model,gpu_memory_mib,enis,ipv4_per_eni,"
           "bare_metal,burstable,current_generation,spot").split(",")


def download(folder):
    wanted = f"moto=={VERSION}"
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder, wanted], check=True)
    return next(pathlib.Path(folder).glob("moto-*.whl"))


def described(wheel):
    """EC2's answer, by type."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        if INSIDE + ".gz" in names:
            answer = json.loads(gzip.decompress(archive.read(INSIDE + ".gz")))
        elif INSIDE in names:
            answer = json.loads(archive.read(INSIDE))
        else:
            sys.exit(f"{wheel} has no {INSIDE}: the package has changed, look where it keeps instance types")
    return answer if isinstance(answer, dict) else {one["InstanceType"]: one for one in answer}


def row(name, one):
    flag = lambda key: "y" if one.get(key) else "n"
    gpus = one.get("GpuInfo", {}).get("Gpus", [])
    gpu = gpus[0] if gpus else {}
    network = one.get("NetworkInfo", {})
    default = network.get("DefaultNetworkCardIndex", 0)
    cards = [card for card in network.get("NetworkCards", []) if card.get("NetworkCardIndex") == default]
    # The kubelet's limit counts the interfaces of the default card alone.
    interfaces = cards[0].get("MaximumNetworkInterfaces") if cards else network.get("MaximumNetworkInterfaces")
    architectures = one["ProcessorInfo"]["SupportedArchitectures"]
    return {
        "type": name,
        "arch": "arm64" if "arm64" in architectures else "x86_64",
        "vcpus": one["VCpuInfo"]["DefaultVCpus"],
        "memory_mib": one["MemoryInfo"]["SizeInMiB"],
        # A node offers NVIDIA's as nvidia.com/gpu; of others there is the model alone.
        "gpus": sum(each.get("Count", 0) for each in gpus if each.get("Manufacturer") == "NVIDIA"),
        "gpu_vendor": gpu.get("Manufacturer", ""),
        "gpu_model": gpu.get("Name", ""),
        "gpu_memory_mib": gpu.get("MemoryInfo", {}).get("SizeInMiB", ""),
        "enis": "" if interfaces is None else interfaces,
        "ipv4_per_eni": network.get("Ipv4AddressesPerInterface", ""),
        "bare_metal": flag("BareMetal"),
        "burstable": flag("BurstablePerformanceSupported"),
        "current_generation": flag("CurrentGeneration"),
        "spot": "y" if "spot" in one.get("SupportedUsageClasses", []) else "n",
    }


def differences(old, new):
    for name in sorted(new.keys() - old.keys()):
        yield f"new      {name}"
    for name in sorted(old.keys() - new.keys()):
        yield f"gone     {name}"
    for name in sorted(old.keys() & new.keys()):
        told = [f"{key} {old[name][key] or '-'} -> {new[name][key] or '-'}" for key in COLUMNS
                if old[name][key] != new[name][key]]
        if told:
            yield f"changed  {name}: {', '.join(told)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="replace the table")
    parser.add_argument("--wheel", type=pathlib.Path, help="a wheel that is there already")
    parser.add_argument("--against", type=pathlib.Path, help="a CSV file whose first column names types")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        answer = described(args.wheel or download(folder))
    kept = {name: one for name, one in answer.items() if not name.startswith("mac")}
    print(f"moto {VERSION}: {len(answer)} types, {len(answer) - len(kept)} of them mac*, left out: EKS nodes run no macOS")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    # Python sorts by code point, as the catalog's search does by byte: the same for these names.
    writer.writerows(row(name, kept[name]) for name in sorted(kept))
    text = text.getvalue()
    read = lambda lines: {each["type"]: each for each in csv.DictReader(lines)}
    old = TABLE.read_text()
    told = list(differences(read(old.splitlines()), read(text.splitlines())))
    print("\n".join(told) or "no type differs")
    if not told and old != text:
        print("the rows are the same, the bytes are not")
    if args.against:
        with args.against.open() as lines:
            known = sorted({line[0] for line in csv.reader(lines) if line and "." in line[0]} - answer.keys())
        print(f"{len(known)} types of {args.against.name} are not in EC2's answer: {', '.join(known) or 'none'}")
    if args.write and old != text:
        TABLE.write_text(text)
        print(f"wrote {TABLE.name}; now run `cargo test --lib catalog::` and mend README.md")
    return int(old != text and not args.write)


if __name__ == "__main__":
    sys.exit(main())
