"""Turns a folder of files into the study's datasets: accepting, balancing, splitting."""
