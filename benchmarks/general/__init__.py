"""Small models with branches, switches, loops and sizes from data: on how many other inputs is a program right?"""
