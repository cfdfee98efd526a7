/*
 * Open MPI: float32 sums in place, timed as allreduce.ts times ours.
 *   mpicc -O3 allreduce.c -o allreduce && mpirun -np 2 ./allreduce BYTES,BYTES,...      prints one JSON array
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 1.0 /* for a size */
#define MOST_CALLS 2000

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Microseconds of each call. */
static double *measure(float *array, int length, int *calls) {
  for (int i = 0; i < 10; i++) MPI_Allreduce(MPI_IN_PLACE, array, length, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  double start = MPI_Wtime();
  for (int i = 0; i < 10; i++) MPI_Allreduce(MPI_IN_PLACE, array, length, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  double fit = SECONDS / ((MPI_Wtime() - start) / 10);
  *calls = fit < 10 ? 10 : fit > MOST_CALLS ? MOST_CALLS : (int)fit;
  MPI_Bcast(calls, 1, MPI_INT, 0, MPI_COMM_WORLD);
  double *samples = malloc(*calls * sizeof *samples);
  for (int i = 0; i < *calls; i++) {
    start = MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, array, length, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    samples[i] = (MPI_Wtime() - start) * 1e6;
  }
  return samples;
}

int main(int argc, char **argv) {
  int rank, size;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (rank == 0) printf("[");
  for (char *word = strtok(argv[1], ","); word; word = strtok(NULL, ",")) {
    int bytes = atoi(word), calls;
    float *array = calloc(bytes / 4 + 1, 4);
    double *samples = measure(array, bytes / 4, &calls), *all = malloc((size_t)calls * size * sizeof *all);
    MPI_Gather(samples, calls, MPI_DOUBLE, all, calls, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    if (rank == 0) {
      int n = calls * size;
      qsort(all, n, sizeof *all, ascending);
      printf("%s{\"bytes\":%d,\"transport\":\"mpi\",\"algorithm\":\"mpi\",\"np\":%d,\"p50us\":%.3f,\"p99us\":%.3f}",
             word == argv[1] ? "" : ",", bytes, size, all[n / 2], all[(int)(0.99 * (n - 1))]);
    }
    free(array), free(samples), free(all);
  }
  if (rank == 0) printf("]\n");
  MPI_Finalize();
  return 0;
}
