//! `windtunnel catalog refresh`: newer facts from what AWS publishes, taken up by `--catalog`.

use serde_json::{Value, json};

use crate::folder::Folder;

/// EC2's answer about a known type with another size, and one that nobody has seen yet.
fn types() -> Value {
    let network = json!({
        "DefaultNetworkCardIndex": 0, "MaximumNetworkInterfaces": 8, "Ipv4AddressesPerInterface": 10,
        "NetworkCards": [{ "NetworkCardIndex": 0, "MaximumNetworkInterfaces": 4 }, { "NetworkCardIndex": 1, "MaximumNetworkInterfaces": 4 }],
    });
    let one = |name: &str, vcpus: u32, memory: u32, more: &Value| {
        let mut one = json!({
            "InstanceType": name, "CurrentGeneration": true, "SupportedUsageClasses": ["on-demand", "spot"], "BareMetal": false,
            "BurstablePerformanceSupported": false, "ProcessorInfo": { "SupportedArchitectures": ["x86_64"] },
            "VCpuInfo": { "DefaultVCpus": vcpus }, "MemoryInfo": { "SizeInMiB": memory }, "NetworkInfo": network,
        });
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    };
    let gpu = json!({ "GpuInfo": { "Gpus": [{ "Name": "X1", "Manufacturer": "NVIDIA", "Count": 2, "MemoryInfo": { "SizeInMiB": 81920 } }] } });
    json!({ "InstanceTypes": [
        one("m5.large", 2, 9000, &json!({})), one("g99.xlarge", 8, 65536, &gpu), one("mac9.metal", 8, 65536, &json!({})),
        { "InstanceType": "m98.large" },
    ] })
}

fn price_list() -> String {
    let mut text =
        "\"FormatVersion\",\"v1.0\"\n\"Disclaimer\",\"none\"\n\"Publication Date\",\"2026-11-03T00:00:00Z\"\n\
                    \"Version\",\"1\"\n\"OfferCode\",\"AmazonEC2\"\n\
                    \"SKU\",\"TermType\",\"Unit\",\"PricePerUnit\",\"Currency\",\"Instance Type\",\"Tenancy\",\
                    \"Operating System\",\"CapacityStatus\",\"Pre Installed S/W\",\"Region Code\"\n"
            .to_owned();
    let rows = [
        ("m5.large", "0.1080000000", "Shared", "Linux", "us-east-1"),
        ("m5.large", "0.2000000000", "Shared", "Windows", "us-east-1"),
        ("m5.large", "0.3000000000", "Dedicated", "Linux", "us-east-1"),
        ("g99.xlarge", "4.5000000000", "Shared", "Linux", "us-east-1"),
        ("m5.large", "0.1190000000", "Shared", "Linux", "eu-west-1"),
        ("c5.large", "0.0000000000", "Shared", "Linux", "us-east-1"),
        ("x99.large", "1.0000000000", "Shared", "Linux", "us-east-1"),
        ("m5.large", "0.1200000000", "Shared", "Linux", "us-moon-1"),
    ];
    let rows = rows.map(|(own, price, tenancy, system, region)| {
        format!(
            "\"S\",\"OnDemand\",\"Hrs\",\"{price}\",\"USD\",\"{own}\",\"{tenancy}\",\"{system}\",\"Used\",\"NA\",\"{region}\"\n"
        )
    });
    text.push_str(&rows.concat());
    text
}

fn shown(folder: &Folder, words: &[&str]) -> Value {
    let told = folder.command(&[words, &["catalog", "m5.large", "g99.xlarge", "--output", "json"]].concat());
    serde_json::from_str(&told).unwrap()
}

#[test]
fn newer_facts_are_taken_up_and_dated() {
    let folder = Folder::new("facts");
    folder.write("types.json", types().to_string());
    folder.write("index.csv", price_list());
    let offerings = json!({ "InstanceTypeOfferings": [
        { "InstanceType": "g99.xlarge", "LocationType": "availability-zone", "Location": "us-east-1b" },
        { "InstanceType": "g99.xlarge", "LocationType": "availability-zone", "Location": "us-east-1-bos-1a" },
    ] });
    folder.write("zones.json", offerings.to_string());
    let advisor = json!({ "spot_advisor": { "us-east-1": { "Linux": {
        "m5.large": { "s": 41, "r": 3 }, "g99.xlarge": { "s": -5, "r": 4 }, "m98.large": { "s": 1, "r": 9 } } } } });
    folder.write("advisor.json", advisor.to_string());
    let told = folder.command(&[
        "catalog",
        "refresh",
        "types.json",
        "index.csv",
        "zones.json",
        "advisor.json",
        "--as-of",
        "2026-11-22",
        "-o",
        "own",
    ]);
    for said in [
        "4 instance types: 1 new (g99.xlarge); 1 changed (m5.large (memory_mib 8192 → 9000",
        "us-east-1: 2 On-Demand prices, 1 changed (m5.large 0.096 → 0.108 (+12.5 %))",
        "eu-west-1: 1 On-Demand prices",
        "us-east-1: 2 figures of the Spot Advisor",
        "1 × mac types",
        "1 × instance types without vCPUs, memory or processors (m98.large)",
        "1 × prices of a price list that are 0, or not in USD",
        "1 × prices of types that the catalog lacks: add `describe-instance-types` (x99.large)",
        "1 × regions that the catalog does not know (us-moon-1)",
    ] {
        assert!(told.contains(said), "{said}\n{told}");
    }
    let seen = shown(&folder, &["--catalog", "own"]).to_string();
    for said in ["\"2026-11-03\"", "9000", "us-east-1b"] {
        assert!(seen.contains(said), "{said}\n{seen}");
    }
    assert!(!seen.contains("bos"), "{seen}");
    // Without it, the embedded facts are in force.
    let (code, _, stderr) = folder.try_command(&["catalog", "g99.xlarge"]);
    assert_eq!(code, 2, "{stderr}");
}

#[test]
fn a_table_of_prices_is_put_on_top_of_an_earlier_one() {
    let folder = Folder::new("prices");
    folder.write("one.csv", "type,usd_per_hour\nm5.large,0.11\n");
    folder.write("two.csv", "type,usd_per_hour,region,as_of\nc5.large,0.09,us-east-1,2026-10-01\n");
    folder.command(&["catalog", "refresh", "one.csv", "--as-of", "2026-09-01", "-o", "own"]);
    folder.command(&["catalog", "refresh", "two.csv", "--as-of", "2026-11-01", "-o", "own"]);
    let offers = folder.text("own/offers/us-east-1.csv");
    let row = |name: &str| offers.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(
        row("m5.large,").contains(",0.11,list,") && row("m5.large,").ends_with(",2026-09-01"),
        "{}",
        row("m5.large,")
    );
    assert!(
        row("c5.large,").contains(",0.09,list,") && row("c5.large,").ends_with(",2026-10-01"),
        "{}",
        row("c5.large,")
    );
    assert_eq!(folder.text("own/sources.csv").lines().count(), 3);
}

#[test]
fn bad_files_are_named_and_nothing_is_written() {
    let folder = Folder::new("bad-facts");
    folder.write("good.csv", "type,usd_per_hour\nm5.large,0.1\n");
    folder.write("what.json", "{ \"Unknown\": [] }");
    folder.write("half.json", "{ \"InstanceTypes\": [");
    folder.write("wrong.csv", "type,usd_per_hour\nm5.large,cheap\n");
    for (file, said) in [
        ("what.json", "it is none of"),
        ("half.json", "it is no JSON"),
        ("wrong.csv", "its columns are type, usd_per_hour"),
        ("missing.csv", "can't be read"),
    ] {
        let (code, _, stderr) = folder.try_command(&["catalog", "refresh", file, "--as-of", "2026-11-01", "-o", "own"]);
        assert!(code == 2 && stderr.contains(file) && stderr.contains(said), "{stderr}");
    }
    let (code, _, stderr) =
        folder.try_command(&["catalog", "refresh", "half.json", "--as-of", "yesterday", "-o", "own"]);
    assert!(code == 2 && stderr.contains("a date is written"), "{stderr}");
    folder.command(&["catalog", "refresh", "good.csv", "--as-of", "2026-11-01", "-o", "broken"]);
    folder.write("broken/instance_types.csv", "type\nm5.large\n");
    let (code, _, stderr) = folder.try_command(&["--catalog", "broken", "catalog"]);
    assert!(code == 2 && stderr.contains("instance_types.csv"), "{stderr}");
    folder.write("elsewhere.csv", "type,usd_per_hour,region\nm5.large,0.1,mars-1\n");
    let told = folder.refused(&["catalog", "refresh", "elsewhere.csv", "--as-of", "2026-11-01", "-o", "mars"]);
    assert!(told.contains("none of the files tells anything") && told.contains("(mars-1)"), "{told}");
    assert!(!folder.path().join("mars").exists());
    let (code, _, stderr) = folder.try_command(&["--catalog", "nowhere", "catalog"]);
    assert!(code == 2 && stderr.contains("no such folder"), "{stderr}");
}
