"""What lists and estimates come to, said before anything is promised: how much a list of some length could free, and
how many people each place must expect to be admitted."""
