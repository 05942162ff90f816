//! Folds any channel layout to mono or stereo. Pure; runs on the media workers.
//!
//! One channel stays one, two stay two, untouched. Three and more become stereo after ITU-R BS.775: front left and
//! right at 1, every centre at 0.7071 to both sides, every other left or right at 0.7071 to its side. The low
//! frequency channel is left out where the layout has six channels or more (5.1, 7.1); with fewer its label is
//! mostly a guess of the container (a four-channel wav), so it counts as a centre. Channels without a position go
//! by turns to the left and the right. The whole is then scaled so that full scale on all channels stays full scale.

use symphonia::core::audio::{ChannelLabel, Channels, Position};

const CENTRE: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// How the planes of one layout become one or two channels. Thread: media.
pub(super) enum Fold {
    /// Planes are taken as they are.
    Keep,
    /// One (left, right) pair of weights, 0 to 1, per plane.
    Stereo(Vec<(f32, f32)>),
}

impl Fold {
    /// The fold for a layout. Thread: media.
    pub(super) fn new(channels: &Channels) -> Self {
        let count = channels.count();
        if count <= 2 {
            return Self::Keep;
        }
        let mut weights: Vec<(f32, f32)> = match channels {
            Channels::Positioned(positions) => {
                positions.iter().map(|position| position_weights(position, count)).collect()
            }
            Channels::Custom(labels) => {
                labels.iter().enumerate().map(|(index, label)| label_weights(label, index, count)).collect()
            }
            _ => (0..count).map(by_turns).collect(),
        };
        let left: f32 = weights.iter().map(|weight| weight.0).sum();
        let right: f32 = weights.iter().map(|weight| weight.1).sum();
        let scale = 1.0 / left.max(right).max(1.0);
        for weight in &mut weights {
            weight.0 *= scale;
            weight.1 *= scale;
        }
        Self::Stereo(weights)
    }

    /// How many channels come out of `planes` planes: 1 or 2. Thread: media.
    pub(super) fn outputs(&self, planes: usize) -> usize {
        match self {
            Self::Keep => planes,
            Self::Stereo(_) => 2,
        }
    }

    /// Appends `planes`, folded, to `out`, which has as many channels as [`Fold::outputs`] said. Thread: media.
    pub(super) fn append(&self, planes: &[Vec<f32>], out: &mut [Vec<f32>]) {
        match self {
            Self::Keep => {
                for (channel, plane) in out.iter_mut().zip(planes) {
                    channel.extend_from_slice(plane);
                }
            }
            Self::Stereo(weights) => {
                let frames = planes.iter().map(Vec::len).min().unwrap_or(0);
                for (side, channel) in out.iter_mut().enumerate() {
                    let start = channel.len();
                    channel.resize(start + frames, 0.0);
                    for (plane, weight) in planes.iter().zip(weights) {
                        let gain = if side == 0 { weight.0 } else { weight.1 };
                        if gain != 0.0 {
                            for (sum, sample) in channel[start..].iter_mut().zip(plane) {
                                *sum += gain * sample;
                            }
                        }
                    }
                }
            }
        }
    }
}

fn by_turns(index: usize) -> (f32, f32) {
    if index.is_multiple_of(2) { (1.0, 0.0) } else { (0.0, 1.0) }
}

fn label_weights(label: &ChannelLabel, index: usize, count: usize) -> (f32, f32) {
    match label {
        ChannelLabel::Positioned(position) => position_weights(*position, count),
        _ => by_turns(index),
    }
}

fn position_weights(position: Position, count: usize) -> (f32, f32) {
    let left = Position::FRONT_LEFT_CENTER
        | Position::REAR_LEFT
        | Position::SIDE_LEFT
        | Position::TOP_FRONT_LEFT
        | Position::TOP_REAR_LEFT
        | Position::TOP_SIDE_LEFT
        | Position::BOTTOM_FRONT_LEFT
        | Position::FRONT_LEFT_WIDE;
    let right = Position::FRONT_RIGHT_CENTER
        | Position::REAR_RIGHT
        | Position::SIDE_RIGHT
        | Position::TOP_FRONT_RIGHT
        | Position::TOP_REAR_RIGHT
        | Position::TOP_SIDE_RIGHT
        | Position::BOTTOM_FRONT_RIGHT
        | Position::FRONT_RIGHT_WIDE;
    if position == Position::FRONT_LEFT {
        (1.0, 0.0)
    } else if position == Position::FRONT_RIGHT {
        (0.0, 1.0)
    } else if left.contains(position) {
        (CENTRE, 0.0)
    } else if right.contains(position) {
        (0.0, CENTRE)
    } else if (Position::LFE1 | Position::LFE2).contains(position) && count >= 6 {
        (0.0, 0.0)
    } else {
        (CENTRE, CENTRE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(channels: Channels, planes: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let fold = Fold::new(&channels);
        let mut out = vec![Vec::new(); fold.outputs(planes.len())];
        fold.append(planes, &mut out);
        out
    }

    #[test]
    fn mono_and_stereo_are_untouched() {
        assert_eq!(folded(Channels::Discrete(1), &[vec![0.3, 2.0]]), [vec![0.3, 2.0]]);
        let stereo = [vec![0.3], vec![-0.7]];
        assert_eq!(folded(Channels::Discrete(2), &stereo), stereo);
    }

    #[test]
    fn full_scale_on_all_of_5_1_stays_full_scale_and_the_low_channel_is_left_out() {
        let layout = Position::from_count(6).expect("six positions");
        let loud = folded(layout.into(), &vec![vec![1.0]; 6]);
        assert!((loud[0][0] - 1.0).abs() < 1e-6 && (loud[1][0] - 1.0).abs() < 1e-6, "{loud:?}");
        let mut low = vec![vec![0.0]; 6];
        low[3] = vec![1.0];
        assert_eq!(folded(layout.into(), &low), [vec![0.0], vec![0.0]]);
        let mut front_left = vec![vec![0.0]; 6];
        front_left[0] = vec![1.0];
        let out = folded(layout.into(), &front_left);
        assert!((out[0][0] - 1.0 / (1.0 + 2.0 * CENTRE)).abs() < 1e-6 && out[1][0] == 0.0, "{out:?}");
    }

    #[test]
    fn no_channel_of_a_four_channel_file_is_lost() {
        let layout = Position::from_count(4).expect("four positions");
        for index in 0..4 {
            let mut planes = vec![vec![0.0]; 4];
            planes[index] = vec![1.0];
            let out = folded(layout.into(), &planes);
            assert!(out[0][0] + out[1][0] > 0.2, "channel {index} vanished: {out:?}");
        }
    }

    #[test]
    fn channels_without_positions_go_by_turns() {
        let out = folded(Channels::Discrete(4), &[vec![0.5], vec![0.1], vec![0.3], vec![0.7]]);
        assert!((out[0][0] - 0.4).abs() < 1e-6 && (out[1][0] - 0.4).abs() < 1e-6, "{out:?}");
    }
}
