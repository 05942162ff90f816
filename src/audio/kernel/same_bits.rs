//! Tests that hold for every form of the interpolators: same bits as the scalar form, however a run is cut.

use proptest::prelude::*;

use super::{Clip, Edge, Gain, Kernels, ONE_FRAME, Run, SincTables, frames_until, position_of};

#[derive(Clone, Copy, Debug)]
enum Shape {
    Constant,
    Shaped,
    Frames,
}

/// A run to make, with everything it reads.
#[derive(Clone, Debug)]
struct Case {
    left: Vec<f32>,
    right: Option<Vec<f32>>,
    region: (u32, u32),
    edge: Edge,
    pos: i64,
    step: i64,
    shape: Shape,
    gains: (Vec<f32>, Vec<f32>),
    before: (Vec<f32>, Vec<f32>),
}

impl Case {
    fn clip(&self) -> Clip<'_> {
        Clip::new(&self.left, self.right.as_deref(), self.region.0, self.region.1, self.edge).unwrap()
    }

    /// The bus after this run, made in pieces of the given lengths (the last is repeated).
    fn made(&self, kernels: &Kernels, tables: Option<&SincTables>, cuts: &[usize]) -> Vec<u32> {
        let (mut l, mut r) = self.before.clone();
        let mut from = 0;
        let mut cuts = cuts.iter().copied();
        while from < l.len() {
            let to = (from + cuts.next().unwrap_or(usize::MAX).max(1).min(l.len())).min(l.len());
            let pos = self.pos + self.step * from as i64;
            let run = Run { clip: self.clip(), pos, step: self.step };
            let gain = match self.shape {
                Shape::Constant => Gain::Constant { l: self.gains.0[0], r: self.gains.1[0] },
                Shape::Shaped => Gain::Shaped { shape: &self.gains.0[from..to], l: 0.7, r: self.gains.1[0] },
                Shape::Frames => Gain::Frames { l: &self.gains.0[from..to], r: &self.gains.1[from..to] },
            };
            match tables {
                None => kernels.cubic(&run, &gain, &mut l[from..to], &mut r[from..to]),
                Some(tables) => kernels.sinc(tables, &run, &gain, &mut l[from..to], &mut r[from..to]),
            }
            from = to;
        }
        l.iter().chain(&r).map(|y| y.to_bits()).collect()
    }
}

fn floats(length: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-1.0_f32..1.0, length)
}

/// Steps as voices have them: slow, around one, fast, backward, standing, and the limits between the paths.
fn steps() -> impl Strategy<Value = i64> {
    prop_oneof![
        -2 * ONE_FRAME..2 * ONE_FRAME,
        -12 * ONE_FRAME..12 * ONE_FRAME,
        prop::sample::select(vec![
            0,
            1,
            -1,
            ONE_FRAME,
            -ONE_FRAME,
            ONE_FRAME + 1,
            (28 << 32) / 15,
            (28 << 32) / 15 + 1
        ]),
        prop::sample::select(vec![ONE_FRAME - 1, -(28 << 32) / 15, 2 * ONE_FRAME, -4 * ONE_FRAME, 40 * ONE_FRAME]),
    ]
}

fn cases(longest: usize) -> impl Strategy<Value = Case> {
    (1..longest, 1_usize..200, any::<bool>(), any::<bool>(), 0.0..1.0_f64, 0.0..1.0_f64).prop_flat_map(
        |(length, frames, stereo, wraps, a, b)| {
            let start = (a * length as f64) as u32;
            let end = (start + 1 + (b * (length as f64 + 30.0)) as u32).min(length as u32);
            let pos = prop_oneof![
                position_of(start)..position_of(end),
                Just(position_of(start)),
                Just(position_of(end) - ONE_FRAME),
                position_of(start) - 9 * ONE_FRAME..position_of(end) + 9 * ONE_FRAME,
            ];
            let shape = prop::sample::select(vec![Shape::Constant, Shape::Shaped, Shape::Frames]);
            let two = |n| (floats(n), floats(n));
            (two(length), two(frames), two(frames), pos, steps(), shape).prop_map(
                move |((left, right), gains, before, pos, step, shape)| Case {
                    left,
                    right: stereo.then_some(right),
                    region: (start, end),
                    edge: if wraps { Edge::Wrap } else { Edge::Clamp },
                    pos,
                    step,
                    shape,
                    gains,
                    before,
                },
            )
        },
    )
}

/// The cubic as the books write it, in double precision.
fn textbook(case: &Case, plane: &[f32], i: usize) -> f64 {
    let pos = case.pos + case.step * i as i64;
    let [x0, x1, x2, x3] = [-1, 0, 1, 2].map(|k| f64::from(case.clip().read(plane, (pos >> 32) + k)));
    let t = f64::from(pos as u32) / ONE_FRAME as f64;
    let a = -0.5 * x0 + 1.5 * x1 - 1.5 * x2 + 0.5 * x3;
    let b = x0 - 2.5 * x1 + 2.0 * x2 - 0.5 * x3;
    ((a * t + b) * t + 0.5 * (x2 - x0)) * t + x1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_cubic_gives_the_same_bits_however_it_is_cut(
        case in cases(400), cuts in prop::collection::vec(1_usize..70, 0..8),
    ) {
        let whole = case.made(&Kernels::scalar(), None, &[]);
        for kernels in Kernels::available() {
            prop_assert_eq!(&case.made(&kernels, None, &[]), &whole, "{}", kernels.name());
            prop_assert_eq!(&case.made(&kernels, None, &cuts), &whole, "{} cut", kernels.name());
        }
    }

    #[test]
    fn the_cubic_is_the_one_in_the_books(mut case in cases(200)) {
        case.before.0.fill(0.0);
        case.before.1.fill(0.0);
        case.shape = Shape::Constant;
        (case.gains.0[0], case.gains.1[0]) = (1.0, 0.5);
        let made = case.made(&Kernels::detect(), None, &[]);
        let (l, r) = made.split_at(made.len() / 2);
        for i in 0..l.len() {
            let left = textbook(&case, &case.left, i);
            let right = textbook(&case, case.right.as_ref().unwrap_or(&case.left), i);
            prop_assert!((f64::from(f32::from_bits(l[i])) - left).abs() < 2e-6);
            prop_assert!((f64::from(f32::from_bits(r[i])) - 0.5 * right).abs() < 2e-6);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_sinc_gives_the_same_bits_however_it_is_cut(
        case in cases(700), cuts in prop::collection::vec(1_usize..70, 0..8),
    ) {
        static TABLES: std::sync::OnceLock<SincTables> = std::sync::OnceLock::new();
        let tables = Some(TABLES.get_or_init(SincTables::new));
        let whole = case.made(&Kernels::scalar(), tables, &[]);
        for kernels in Kernels::available() {
            prop_assert_eq!(&case.made(&kernels, tables, &[]), &whole, "{}", kernels.name());
            prop_assert_eq!(&case.made(&kernels, tables, &cuts), &whole, "{} cut", kernels.name());
        }
    }
}

#[test]
fn speed_one_from_the_first_frame_returns_the_samples_to_the_bit() {
    let left: Vec<f32> = (0..999_u32).map(|i| (i.wrapping_mul(2_654_435_761) as f32 / 4e9) - 0.5).collect();
    let right: Vec<f32> = left.iter().map(|x| x * 0.3 - 0.1).collect();
    let tables = SincTables::new();
    for edge in [Edge::Clamp, Edge::Wrap] {
        let clip = Clip::new(&left, Some(&right), 0, 999, edge).unwrap();
        let unity = Gain::Constant { l: 1.0, r: 1.0 };
        for kernels in Kernels::available() {
            for sinc in [false, true] {
                for backward in [false, true] {
                    let (mut l, mut r) = (vec![0.0; 999], vec![0.0; 999]);
                    let (pos, step) = if backward { (position_of(998), -ONE_FRAME) } else { (0, ONE_FRAME) };
                    let run = Run { clip, pos, step };
                    if sinc {
                        kernels.sinc(&tables, &run, &unity, &mut l, &mut r);
                    } else {
                        kernels.cubic(&run, &unity, &mut l, &mut r);
                    }
                    if backward {
                        l.reverse();
                        r.reverse();
                    }
                    assert_eq!((&l, &r), (&left, &right), "{} sinc {sinc} backward {backward}", kernels.name());
                }
            }
        }
    }
}

#[test]
fn a_clip_of_one_frame_is_a_constant() {
    let one = [0.75_f32];
    let tables = SincTables::new();
    for edge in [Edge::Clamp, Edge::Wrap] {
        let run = Run { clip: Clip::new(&one, None, 0, 1, edge).unwrap(), pos: 12345, step: ONE_FRAME / 3 };
        for kernels in Kernels::available() {
            let (mut l, mut r) = (vec![0.0; 50], vec![0.0; 50]);
            kernels.cubic(&run, &Gain::Constant { l: 1.0, r: 2.0 }, &mut l, &mut r);
            assert!(l.iter().all(|&y| y == 0.75) && r.iter().all(|&y| y == 1.5));
            let (mut l, mut r) = (vec![0.0; 50], vec![0.0; 50]);
            kernels.sinc(&tables, &run, &Gain::Constant { l: 1.0, r: 2.0 }, &mut l, &mut r);
            assert!(l.iter().all(|y| (y - 0.75).abs() < 1e-6), "every phase sums to one");
        }
    }
}

#[test]
fn a_seam_of_a_loop_is_read_as_if_the_region_went_on() {
    let samples: Vec<f32> = (0..64).map(|i| (std::f32::consts::TAU * i as f32 / 16.0).sin()).collect();
    let clip = Clip::new(&samples, None, 16, 48, Edge::Wrap).unwrap();
    let step = ONE_FRAME * 3 / 7;
    let frames = frames_until(position_of(16), step, position_of(48)) as usize;
    let (mut l, mut r) = (vec![0.0; frames], vec![0.0; frames]);
    let run = Run { clip, pos: position_of(16), step };
    Kernels::detect().cubic(&run, &Gain::Constant { l: 1.0, r: 1.0 }, &mut l, &mut r);
    for (i, y) in l.iter().enumerate() {
        let ideal = (std::f64::consts::TAU * i as f64 * 3.0 / 7.0 / 16.0).sin();
        assert!((f64::from(*y) - ideal).abs() < 5e-3, "frame {i}");
    }
}

#[test]
fn positions_gone_astray_read_the_edge_and_nothing_else() {
    let samples = [0.5_f32; 40];
    let clip = Clip::new(&samples, None, 3, 33, Edge::Wrap).unwrap();
    for kernels in Kernels::available() {
        for pos in [i64::MIN, i64::MAX, -1, position_of(33), 0] {
            for step in [i64::MIN, i64::MAX, -ONE_FRAME, 0, 1 << 40] {
                let (mut l, mut r) = (vec![0.0; 40], vec![0.0; 40]);
                kernels.cubic(&Run { clip, pos, step }, &Gain::Constant { l: 1.0, r: 1.0 }, &mut l, &mut r);
                assert!(l.iter().chain(&r).all(|&y| y == 0.5));
            }
        }
    }
}
