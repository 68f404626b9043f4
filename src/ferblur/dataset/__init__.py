"""What training and evaluation read: manifests, aligned faces, samples, blur."""
