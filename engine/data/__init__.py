"""Data sets: built in or prepared from tables, split, standardized and read in mini-batches.

columns        columns and tables, whatever they came from
tables         tables from memory: frames, dicts, rows, arrays
table_files    tables from files, within bounds
csv_files      .csv text as it comes
texts          texts read as numbers, booleans and dates
targets        the column to predict: classes by their labels, or numbers
preprocessing  raw columns to features, fitted on the training part
findings       ids, leaks, imbalance
preparation    a table as features, targets, preprocessing and a report
library        data sets by name, built in or in registered folders
builtin        the built-in data sets, raw
datasets       a data set in three parts
on_disk        the same as a folder of memory-mapped files
scaling        standardization
batches        mini-batches
"""
