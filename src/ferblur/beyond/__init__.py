"""What the questions beyond the paper share: their parameters, blur of any kind, trainings."""
