//! The inner loop of a sampler voice: a clip read at a variable rate, interpolated, and added to a stereo bus.
//!
//! Thread: audio, except where an item says otherwise. Pure arithmetic: no imports from other rooms, no state but what is passed in.
//!
//! **Invariant:** the sample of a frame depends on its position, the clip and the gain alone. Hence every instruction set
//! gives the same bits, and cutting a run into blocks changes nothing. Both follow from one generic algorithm
//! (`cubic`, `sinc`) written over `lanes::Lanes`, and from never fusing a multiply with an add.
//!
//! A voice uses it like this: `Playhead::run_length` says how many frames may be made before the region's edge, a
//! [`Run`] of that length goes to [`Kernels::cubic`] or [`Kernels::sinc`], `Playhead::advance` moves on, and at the edge
//! `Playhead::wrap` (LOOP) starts the next lap or the voice ends (ONCE).

mod clip;
mod cubic;
mod envelope;
mod gain;
mod lanes;
mod pan;
mod position;
mod ramp;
mod sinc;
mod sinc_tables;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

#[cfg(test)]
mod same_bits;

pub use clip::{Clip, ClipError, Edge, Run};
pub use envelope::{Adsr, Envelope, Stage};
pub use gain::Gain;
pub use pan::pan_gains;
pub use position::{ONE_FRAME, Playhead, Step, frames_until, position_of};
pub use ramp::Ramp;
pub use sinc_tables::SincTables;

type CubicFn = unsafe fn(&Run<'_>, &Gain<'_>, &mut [f32], &mut [f32]);
type SincFn = unsafe fn(&SincTables, &Run<'_>, &Gain<'_>, &mut [f32], &mut [f32]);

/// The interpolators in the best form this processor has; chosen once, then two function pointers.
///
/// All forms give the same bits, so a session sounds the same on every machine.
#[derive(Clone, Copy, Debug)]
pub struct Kernels {
    name: &'static str,
    cubic: CubicFn,
    sinc: SincFn,
}

impl Kernels {
    /// The fastest form this processor runs.
    ///
    /// Thread: any but audio (it asks the processor). Realtime: no.
    pub fn detect() -> Self {
        *Self::available().last().expect("the scalar form is always there")
    }

    /// The form every processor runs.
    ///
    /// Thread: any. Realtime: yes.
    pub fn scalar() -> Self {
        Self { name: "scalar", cubic: cubic::cubic::<lanes::Scalar>, sinc: sinc::sinc::<lanes::Scalar> }
    }

    /// Every form this processor runs, slowest first; for tests and benchmarks.
    ///
    /// Thread: any but audio (it allocates). Realtime: no.
    pub fn available() -> Vec<Self> {
        let mut forms = vec![Self::scalar()];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") {
                forms.push(Self { name: "avx2", cubic: avx2::cubic, sinc: avx2::sinc });
            }
            if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx2") {
                forms.push(Self { name: "avx512", cubic: avx512::cubic, sinc: avx2::sinc });
            }
        }
        #[cfg(target_arch = "aarch64")]
        forms.push(Self { name: "neon", cubic: cubic::cubic::<neon::Neon>, sinc: sinc::sinc::<neon::Neon> });
        forms
    }

    /// The name of this form: `scalar`, `avx2`, `avx512` or `neon`.
    ///
    /// Thread: any. Realtime: yes.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Add `out_l.len()` frames of `run`, interpolated through four points (Catmull-Rom: exact at whole positions).
    ///
    /// Thread: audio. Realtime: yes. Frames made = the shortest of the outputs and of the slices in `gain`. The caller
    /// keeps the run inside the region (`Playhead::run_length`); frames beyond it read as the clip's [`Edge`] says.
    pub fn cubic(&self, run: &Run<'_>, gain: &Gain<'_>, out_l: &mut [f32], out_r: &mut [f32]) {
        // SAFETY: the pointer was chosen after its instruction set had been detected.
        #[allow(unsafe_code)]
        unsafe {
            (self.cubic)(run, gain, out_l, out_r)
        }
    }

    /// Add `out_l.len()` frames of `run`, interpolated by windowed sinc; exact at whole positions while |step| ≤ 1,
    /// band-limited for faster ones (free of aliases up to speed 4).
    ///
    /// Thread: audio. Realtime: yes. Frames as in [`Kernels::cubic`].
    pub fn sinc(&self, tables: &SincTables, run: &Run<'_>, gain: &Gain<'_>, out_l: &mut [f32], out_r: &mut [f32]) {
        // SAFETY: the pointer was chosen after its instruction set had been detected.
        #[allow(unsafe_code)]
        unsafe {
            (self.sinc)(tables, run, gain, out_l, out_r)
        }
    }
}
