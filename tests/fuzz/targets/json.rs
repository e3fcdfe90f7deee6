//! Mutates JSON text as JSON: what comes out still parses, so that the fuzzer's time goes to what stands behind the
//! parser. Knows nothing of what the text means.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::Value;

/// Mutates the text in `data[..size]` in place and gives its new size. Text that is no JSON, and every eighth that is,
/// is mutated as bytes, so that the parser keeps its share.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed));
    let parsed = if dice.below(8) == 0 { None } else { serde_json::from_slice::<Value>(&data[..size]).ok() };
    let Some(mut value) = parsed else { return fuzzer_mutate(data, size, max_size) };
    for _ in 0..=dice.below(3) {
        change(&mut value, &mut dice);
    }
    let text = value.to_string();
    if text.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
}

/// A generator of numbers that hang on the fuzzer's seed alone (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }
}

/// Changes one part: removed, doubled, replaced by another part of the same text, or its scalar mutated.
fn change(value: &mut Value, dice: &mut Dice) {
    let mut pointers = Vec::new();
    list(value, &mut String::new(), &mut pointers);
    let Some(at) = pointers.get(dice.below(pointers.len())) else { return };
    let other = value.pointer(&pointers[dice.below(pointers.len())]).cloned().unwrap_or_default();
    let (parent, last) = at.rsplit_once('/').expect("every listed pointer has a parent");
    let name = last.replace("~1", "/").replace("~0", "~");
    match (dice.below(8), value.pointer_mut(parent)) {
        (0, Some(Value::Object(fields))) => drop(fields.shift_remove(&name)),
        (0, Some(Value::Array(entries))) => drop(entries.remove(name.parse().expect("an index"))),
        (1, Some(Value::Array(entries))) => {
            let entry = entries[name.parse::<usize>().expect("an index")].clone();
            entries.extend(std::iter::repeat_n(entry, 1 + dice.below(30)));
        }
        (2, Some(Value::Object(fields))) => {
            let moved = fields.shift_remove(&name).expect("it was listed");
            fields.insert(scalar(&Value::String(name)).as_str().unwrap_or_default().to_owned(), moved);
        }
        (1..4, _) => *value.pointer_mut(at).expect("it was listed") = other,
        _ => {
            let slot = value.pointer_mut(at).expect("it was listed");
            if !matches!(slot, Value::Object(_) | Value::Array(_)) {
                *slot = scalar(slot);
            }
        }
    }
}

/// The scalar with libFuzzer's own mutation, which knows the words that the target compares with.
fn scalar(value: &Value) -> Value {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut buffer = text.into_bytes();
    let size = buffer.len();
    buffer.resize(size + 64, 0);
    let room = buffer.len();
    let size = fuzzer_mutate(&mut buffer, size, room);
    let text = String::from_utf8_lossy(&buffer[..size]).into_owned();
    if value.is_string() { Value::String(text) } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

fn list(value: &Value, at: &mut String, all: &mut Vec<String>) {
    let length = at.len();
    let mut visit = |name: &str, inner: &Value| {
        at.push('/');
        at.push_str(&name.replace('~', "~0").replace('/', "~1"));
        all.push(at.clone());
        list(inner, at, all);
        at.truncate(length);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| visit(name, inner)),
        Value::Array(entries) => entries.iter().enumerate().for_each(|(index, inner)| visit(&index.to_string(), inner)),
        _ => {}
    }
}
