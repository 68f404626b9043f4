"""The study's GoogLeNet: its network, weights, training, checkpoints and device."""
