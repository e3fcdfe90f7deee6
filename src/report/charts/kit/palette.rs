//! The colours of charts. plotters writes them into the picture as they are on a light page; the page's style sheet finds
//! them there and puts their other half in their place where the reader prefers dark. So each value stands once.
//!
//! Hues are those of Masataka Okabe and Kei Ito, "Color Universal Design" (2008), darker or lighter so that neighbours
//! also differ in grey. No chart says anything by colour alone.

use std::fmt::Write;

use plotters::style::RGBColor;

/// A colour on a light page, and on a dark one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Paint {
    name: &'static str,
    light: u32,
    dark: u32,
}

const fn paint(name: &'static str, light: u32, dark: u32) -> Paint {
    Paint { name, light, dark }
}

pub(in crate::report) const PAPER: Paint = paint("paper", 0xFF_FF_FF, 0x15_19_20);
/// Text.
pub(in crate::report) const INK: Paint = paint("ink", 0x1F_29_37, 0xE6_E9_EF);
/// Text of less weight: labels of axes, captions.
pub(in crate::report) const QUIET: Paint = paint("quiet", 0x56_60_70, 0xA6_B0_BF);
pub(in crate::report) const GRID: Paint = paint("grid", 0xE3_E6_EA, 0x2E_36_42);
pub(in crate::report) const BLUE: Paint = paint("blue", 0x1D_5F_AD, 0x5A_A5_F0);
pub(in crate::report) const LIGHT_BLUE: Paint = paint("light-blue", 0xB3_CD_E9, 0x2B_4C_70);
pub(in crate::report) const ORANGE: Paint = paint("orange", 0xD9_77_06, 0xF0_9A_34);
pub(in crate::report) const LIGHT_ORANGE: Paint = paint("light-orange", 0xF4_CF_A0, 0x6B_47_1A);
pub(in crate::report) const VERMILION: Paint = paint("vermilion", 0xC2_41_0C, 0xF2_7A_4E);
pub(in crate::report) const GREEN: Paint = paint("green", 0x0B_7A_5E, 0x3D_C2_9B);
pub(in crate::report) const PURPLE: Paint = paint("purple", 0xB0_6A_95, 0xD8_9A_C2);
pub(in crate::report) const YELLOW: Paint = paint("yellow", 0xE5_B9_1C, 0xE8_CB_5C);
pub(in crate::report) const GREY: Paint = paint("grey", 0x83_8E_9C, 0x76_82_92);

const ALL: [Paint; 13] =
    [PAPER, INK, QUIET, GRID, BLUE, LIGHT_BLUE, ORANGE, LIGHT_ORANGE, VERMILION, GREEN, PURPLE, YELLOW, GREY];

/// For things of one kind without an order; the last one is for all others together.
pub(in crate::report) const KINDS: [Paint; 6] = [BLUE, ORANGE, GREEN, PURPLE, YELLOW, GREY];

impl Paint {
    pub(super) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }
}

/// The colours as custom properties, and rules that give them to the pictures of the page.
pub(in crate::report) fn style() -> String {
    let mut rules = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| rules.write_fmt(text).expect("writing to a string can't fail");
    line(format_args!(":root{{"));
    for Paint { name, light, .. } in ALL {
        line(format_args!("--{name}:#{light:06X};"));
    }
    line(format_args!("}}\n@media screen and (prefers-color-scheme:dark){{:root{{"));
    for Paint { name, dark, .. } in ALL {
        line(format_args!("--{name}:#{dark:06X};"));
    }
    line(format_args!("}}}}\n"));
    for Paint { name, light, .. } in ALL {
        line(format_args!("svg [fill=\"#{light:06X}\"]{{fill:var(--{name})}}"));
        line(format_args!("svg [stroke=\"#{light:06X}\"]{{stroke:var(--{name})}}\n"));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast by the Web Content Accessibility Guidelines 2.2.
    fn contrast(a: u32, b: u32) -> f64 {
        let luminance = |color: u32| {
            let [_, red, green, blue] = color.to_be_bytes().map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn colours_are_told_apart_and_texts_are_readable() {
        for (index, one) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.light != one.light && other.name != one.name), "{one:?}");
        }
        for text in [INK, QUIET] {
            assert!(contrast(text.light, PAPER.light) >= 4.5 && contrast(text.dark, PAPER.dark) >= 4.5, "{text:?}");
        }
        assert!(style().contains("svg [fill=\"#1F2937\"]{fill:var(--ink)}"));
    }
}
