"""ferblur: how box blur harms facial emotion recognition, regenerated from raw images."""
